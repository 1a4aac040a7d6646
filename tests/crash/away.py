"""One agent is not there: the others take mail all the same, and all of it moves as soon as the agent is back."""
import time

from tally import Tally

PROMPT = 5  # seconds to drain after the return; the mail did not fail, so no back-off may delay it


def run(town, arguments):
    tally = Tally()
    town.open()
    for missing, doors in (("mta", {"mx": 0, "submission": 8}), ("mda", {"mx": 6, "submission": 4})):
        words = f"without {missing}: "
        town.agents[missing].stop()
        load = town.load(arguments.seed, most=100, **doors)
        tally.check(load.join(60), f"{words}the others do not take mail: {load.refusals}")
        acked = sum(letter.state == "acked" for letter in load.letters)
        tally.check(acked == len(load.letters), f"{words}{acked} of {len(load.letters)} got 250: {load.refusals}")
        time.sleep(2)
        town.agents[missing].start({})
        town.agents[missing].wait_ready()
        back = time.monotonic()
        town.finish(load, tally, words)
        took = time.monotonic() - back
        tally.check(took < PROMPT, f"{words}it took {took:.1f} s after the return until all was delivered")
        tally.notes[f"ms to drain 100 letters after {missing} came back"] = round(took * 1000)
    orderly_end(town, tally, arguments)
    town.count(tally)
    return tally


def orderly_end(town, tally, arguments):
    """SIGTERM under load: each agent ends by itself, with status 0, and running transactions get their reply."""
    load = town.load(arguments.seed + 1)
    for agent in town.agents.values():
        time.sleep(0.5)
        agent.stop()
        agent.start({})
        agent.wait_ready()
    load.stop()
    town.finish(load, tally, "restarts in order: ")
    unanswered = sum(letter.state == "unknown" for letter in load.letters)
    tally.check(unanswered == 0, f"restarts in order: {unanswered} letters were sent whole and got no reply")
