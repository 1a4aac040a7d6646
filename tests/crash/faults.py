"""A full or broken disk: the n-th call of a kind in one agent fails with ENOSPC or EIO, for n from 1 until none fires."""
import os
import signal
import time

from tally import Tally
from world import AGENTS

FEW = ("write", "fsync", "rename")
OPS = ("write", "fsync", "rename", "open", "unlink", "mkdir", "truncate")
ERRORS = ("ENOSPC", "EIO", "ENOSPC:sticky")
MOST = 2000  # an agent that makes more calls of a kind for a few letters is measured, not tested


def steps(faults):
    """n = 1, 2, 3 ...; or growing steps."""
    number = 1
    while number <= MOST:
        yield number
        number += 1 if faults == "all" else max(1, number // 2) if faults == "some" else 2 * number


class Fault:
    """One agent, one kind of call, one error; each try is a restart with the fault armed and a few letters."""

    def __init__(self, town, tally, agent, op, error):
        self.town, self.tally, self.agent = town, tally, town.agents[agent]
        self.op, self.error, self.name = op, error, f"{agent} {op} {error}"

    def loop(self, faults, seed):
        for number in steps(faults):
            if not self.attempt(number, seed + number):
                self.tally.notes[f"{self.name}: fired up to n"] = number - 1
                return

    def attempt(self, number, seed):
        """True when the fault fired."""
        fired = f"{self.town.world.root}/log/fired"
        open(fired, "w").close()
        op, error = self.op, self.error
        starts = self.agent.starts
        self.agent.restart(signal.SIGTERM, {"FUTAR_FAULT": f"{op}:{number}:{error}", "FUTAR_FAULT_FIRED": fired})
        self.wait_for_start(starts + 1)
        load = self.town.load(seed, mx=2, submission=1, most=4)
        words = f"{self.name} at {number}: "
        if error.endswith(":sticky"):  # the disk stays full; after a while somebody makes room
            load.stopped = not load.join(1.5)
            self.agent.restart(signal.SIGTERM, {})
        self.town.finish(load, self.tally, words, seconds=30)
        return os.path.getsize(fired) > 0

    def wait_for_start(self, starts):
        """Until it serves, or has failed to with the fault and serves without."""
        until = time.monotonic() + 30
        while self.agent.starts < starts or not self.agent.is_ready():
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name}: the agent does not come back: {self.agent.last_words()}")
            time.sleep(0.005)


def run(town, arguments):
    tally = Tally()
    town.open()
    for agent in AGENTS:
        for op in FEW if arguments.faults == "few" else OPS:
            for error in ERRORS:
                if error != "ENOSPC:sticky" or op == "write":
                    Fault(town, tally, agent, op, error).loop(arguments.faults, arguments.seed)
    town.count(tally)
    return tally
