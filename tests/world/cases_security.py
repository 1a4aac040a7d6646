"""Transport security against real peers: a row of destinations.py each."""
import re

from cases import came_by_tls, case, check, letter
from destinations import DESTINATIONS
from hosts import wait_for

WISHES = ", ".join(f'"{one.domain}" = "{one.wish}"' for one in DESTINATIONS if one.wish)
sent = {}


def ours(_):
    return {"mta": f"tls_policy = {{ {WISHES} }}"}


def send_all(world):
    """To each destination at once, so that the rows wait together."""
    for destination in DESTINATIONS:
        word = sent[destination] = world.word()
        to = f"user@{destination.domain}"
        world.submit(to, letter(word, to))


def row(destination):
    @case(f"{destination.name}: {destination.proves}")
    def proves(world):
        if not sent:
            send_all(world)
        word, server, to = sent[destination], world.internet.proving, f"user@{destination.domain}"
        world.words = [word]
        if destination.arrives:
            stored = world.arrives((server, to), word)[0]
            check(came_by_tls(stored) == bool(destination.certificate), "TLS or clear, and it should be the other")
            told = wait_for("a trace", lambda: re.search(destination.trace, world.events(word)))
        else:
            told = wait_for(f"its trace says {destination.trace}", lambda: re.search(destination.trace, world.events(word)))
            check(word not in server.host.log(), "its head came to the host")
            check(not world.found((server, to), word), "it has arrived")
            check(world.waits(word), "it does not wait")
        return told.string[told.start():].splitlines()[0][:100] if destination.trace else ""


for one in DESTINATIONS:
    row(one)


