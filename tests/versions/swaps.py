"""Agents replaced by those of another release while mail flows."""
import json
import signal
import time

from town import Town
from world import AGENTS

LOAD = {"mx": 1, "submission": 1}


def upgrade_and_back(old, new, folder, seconds, tally):
    """From the old release to the new one, agent by agent, and back in another order; each pair of neighbours meets."""
    with Town(old, folder) as town:
        town.open()
        load = town.load(1, **LOAD)
        for number, (binaries, order) in enumerate(((new, AGENTS), (old, AGENTS[::-1]), (new, AGENTS[1:] + AGENTS[:1]))):
            for name in order:
                time.sleep(seconds)
                replace(town, name, binaries, signal.SIGKILL if number == 1 else signal.SIGTERM, tally)
                both_are_answered(town, load, (old, new), tally)
        time.sleep(seconds)
        settle(town, load, (old, new), tally)


def born_new(old, new, folder, seconds, tally):
    """Directory, databases and mailboxes are made by the new release; the old one goes on with them, waiting mail included."""
    with Town(new, folder) as town:
        town.open()
        load = town.load(2, **LOAD)
        time.sleep(seconds)
        town.agents["mda"].stop()  # mail waits in mta
        time.sleep(seconds)
        town.agents["mta"].stop()  # and in msa
        time.sleep(seconds)
        for name in AGENTS:
            town.agents[name].stop()
            town.agents[name].programs = old
            town.agents[name].start({})
            town.agents[name].wait_ready()
        both_are_answered(town, load, (old, new), tally)
        settle(town, load, (old, new), tally)
        told = ask(town, old, "user", "list")
        tally.check(told.returncode == 0 and "u42@" in told.stdout, f"the old futar reads no directory: {told.stderr}")


def replace(town, name, binaries, number, tally):
    agent = town.agents[name]
    starts = agent.starts
    agent.programs = binaries
    agent.restart(number, {})
    end = time.monotonic() + 20
    while agent.starts == starts and time.monotonic() < end:
        time.sleep(0.01)
    agent.wait_ready()
    tally.check(agent.starts > starts, f"{name} did not start again")
    tally.notes["agents replaced"] += 1


def both_are_answered(town, load, releases, tally):
    """`futar` of each release asks the agents as they are now."""
    known = [letter.reply.split()[-1] for letter in load.letters if letter.state == "acked"][-1]
    for binaries in releases:
        told = ask(town, binaries, "status", "--json")
        missing = json.loads(told.stdout or '{"missing": "all"}').get("missing")
        tally.check(not missing, f"{binaries}/futar is not answered by {missing}: {told.stderr}")
        for words in (("queue",), ("trace", known)):
            told = ask(town, binaries, *words)
            tally.check(told.returncode == 0, f"{binaries}/futar {' '.join(words)}: {told.returncode} {told.stderr}")


def ask(town, binaries, *words):
    """The operator's program of another release."""
    before, town.world.programs = town.world.programs, binaries
    try:
        return town.world.futar(*words, check=False)
    finally:
        town.world.programs = before


def settle(town, load, releases, tally):
    load.stop()
    town.finish(load, tally)
    for binaries in releases:
        told = ask(town, binaries, "audit")
        tally.check(told.returncode == 0, f"{binaries}/futar audit: {told.stdout}{told.stderr}")
    town.count(tally)
    tally.notes["letters acknowledged"] += sum(letter.state == "acked" for letter in load.letters)
