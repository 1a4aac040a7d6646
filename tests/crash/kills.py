"""Kills under load: kill -9 at random moments and at named points, orderly restarts, agents that stand still."""
import collections
import random
import signal
import time

from tally import Tally
from world import AGENTS

POINT_PATIENCE = 3.0  # seconds that an agent has to reach its point, before it is killed anyway


class Killer:
    """Draws what happens next, does it, and keeps count."""

    def __init__(self, town, seed):
        self.town, self.chance, self.done = town, random.Random(seed), collections.Counter()
        self.points = {}  # agent -> names of points that it passes
        self.armed = []  # (agent, point) not yet tried

    def learn_points(self, tally):
        """A short load without any harm shows which points there are."""
        folder = f"{self.town.world.root}/log"
        self.town.open(**{agent: {"FUTAR_POINT_LOG": f"{folder}/{agent}.points"} for agent in AGENTS})
        load = self.town.load(self.chance.random(), most=300)
        self.town.finish(load, tally, "before the first kill: ")
        for agent in AGENTS:
            with open(f"{folder}/{agent}.points") as lines:
                self.points[agent] = sorted(set(line.strip() for line in lines))
            self.town.agents[agent].variables = {}
        self.armed = [(agent, point) for agent in AGENTS for point in self.points[agent]] * 2

    def kills(self):
        """By SIGKILL, counted by who had to be started again."""
        return sum(agent.starts - 1 for agent in self.town.agents.values()) - self.done["SIGTERM"]

    def strike(self):
        """One death or stop."""
        kind = self.chance.choices(("kill", "point", "term", "stop", "two"), (45, 40, 7, 4, 4))[0]
        name = self.chance.choice(AGENTS)
        if kind == "point" and self.armed:
            self.strike_at_point(*self.armed.pop(0))
            return
        if kind == "point" and self.points[name]:
            self.strike_at_point(name, self.chance.choice(self.points[name]))
            return
        time.sleep(self.chance.expovariate(1 / 0.25))
        if kind == "stop":
            self.stand_still(self.town.agents[name], self.chance.uniform(0.3, 3))
            return
        names = self.chance.sample(AGENTS, 2) if kind == "two" else [name]
        for victim in names:
            self.town.agents[victim].restart(signal.SIGTERM if kind == "term" else signal.SIGKILL, {})
        self.done[{"term": "SIGTERM", "two": "two at once by kill -9"}.get(kind, "kill -9 at a random moment")] += 1

    def strike_at_point(self, name, point):
        """Restarts an agent so that it kills itself at the n-th passing of a point: two deaths."""
        agent, number = self.town.agents[name], self.chance.choice((1, 1, 2, 3, 5, 8, 20))
        starts = agent.starts
        agent.restart(signal.SIGKILL, {"FUTAR_POINT": f"{point}:{number}:kill"})
        until = time.monotonic() + POINT_PATIENCE
        while agent.starts < starts + 2 and time.monotonic() < until:
            time.sleep(0.005)
        reached = agent.starts >= starts + 2
        self.done["kill -9 at a random moment"] += 1
        self.done[f"kill -9 at {point}" if reached else "points not reached in time"] += 1
        if not reached:
            agent.restart(signal.SIGKILL, {})

    def stand_still(self, agent, seconds):
        process = agent.process
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)
        self.done["SIGSTOP for a while"] += 1


def run(town, arguments):
    tally, killer = Tally(), Killer(town, arguments.seed)
    killer.learn_points(tally)
    load = town.load(arguments.seed)
    until = time.monotonic() + arguments.seconds
    while killer.kills() < arguments.kills and time.monotonic() < until:
        killer.strike()
    if arguments.kills >= 300:  # the long run: each agent stands still for a minute once
        for name in AGENTS:
            killer.stand_still(town.agents[name], 60)
    load.stop()
    for agent in town.agents.values():
        agent.wait_ready()
    town.finish(load, tally)
    town.count(tally)
    tally.check(killer.kills() > 0, "nothing was killed")
    for what, count in killer.done.items():
        tally.notes[what] += count
    tally.notes["deaths by SIGKILL"] += killer.kills()
    tally.notes["connections broken"] += town.breaks
    tally.notes["points known"] += len(set(sum(killer.points.values(), [])))
    return tally
