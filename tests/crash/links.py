"""Trouble on the links: cut in the middle of a message, gone for a while, slow, and everything said twice."""
import random
import time

from proxy import Proxy
from tally import Tally


def run(town, arguments):
    tally, chance = Tally(), random.Random(arguments.seed)
    folder = f"{town.world.root}/run"
    proxies = {}
    for agent, link in (("msa", "submission"), ("mda", "delivery")):
        proxies[agent] = Proxy(f"{folder}/{link}.proxy", f"{folder}/{link}/link", arguments.seed)
    town.open(msa={"FUTAR__LINK__SUBMISSION": f"ipc://{folder}/submission.proxy"},
              mda={"FUTAR__LINK__DELIVERY": f"ipc://{folder}/delivery.proxy"})
    load = town.load(arguments.seed)
    until = time.monotonic() + min(arguments.seconds, 20 if arguments.short else 60)
    while time.monotonic() < until:
        trouble(chance.choice(list(proxies.values())), chance)
    load.stop()
    town.finish(load, tally)
    town.count(tally)
    for agent, proxy in proxies.items():
        tally.check(proxy.messages > 0, f"nothing went through the proxy of {agent}")
        tally.notes[f"messages on the link of {agent}"] = proxy.messages
        tally.notes[f"said twice on the link of {agent}"] = proxy.repeated
        tally.notes[f"cuts of the link of {agent}"] = proxy.cuts
        proxy.close()
    return tally


def trouble(proxy, chance):
    kind = chance.choice(("cut", "down", "slow", "twice"))
    if kind == "cut":
        proxy.cut()
    elif kind == "down":
        proxy.down = True
        proxy.cut()
        time.sleep(chance.uniform(0.1, 3))
        proxy.down = False
    elif kind == "slow":
        proxy.delay = chance.choice((0.02, 0.2))
        time.sleep(chance.uniform(0.5, 2))
        proxy.delay = 0.0
    else:
        proxy.repeat = chance.choice((0.1, 1.0))
        time.sleep(chance.uniform(0.5, 2))
        proxy.repeat = 0.0
    time.sleep(chance.expovariate(1 / 0.3))
