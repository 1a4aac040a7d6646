"""Thousands of sessions that have said EHLO and wait: what each adds to its agent."""
import time

from house import KIB, Client, descriptors_left, house, in_mib, memory
from tally import Tally

PLAIN_LIMIT, TLS_LIMIT = 12 * KIB, 26 * KIB  # a session, of design


def at_port_25(world):
    client = Client(world.mx_port)
    client.say("EHLO client.test")
    return client


def at_587(world):
    client = Client(world.submission_port)
    client.say("EHLO client.test")
    return client


def at_465(world):
    client = Client(world.submissions_port, implicit=True)
    client.say("EHLO client.test")
    return client


def at_port_25_with_starttls(world):
    client = at_port_25(world)
    client.start_tls()
    client.say("EHLO client.test")
    return client


def at_port_25_after_much(world):
    """What a session once needed is given back when it is idle again."""
    client, group = at_port_25(world), 30
    client.socket.sendall(group * (b"NOOP " + 2000 * b"x" + b"\r\n"))
    replies = 0
    while replies < group:
        replies += client.reply().count(b"\n")
    return client


KINDS = (
    ("mta", "plain at 25", at_port_25, PLAIN_LIMIT),
    ("mta", "plain at 25, after 60 KB of commands", at_port_25_after_much, PLAIN_LIMIT),
    ("msa", "plain at 587", at_587, PLAIN_LIMIT),
    ("mta", "STARTTLS at 25", at_port_25_with_starttls, TLS_LIMIT),
    ("msa", "TLS at 465", at_465, TLS_LIMIT),
)


def run(arguments):
    tally, count = Tally(), min(arguments.idle, descriptors_left())
    for kind in KINDS:
        with house(arguments.bin, tally) as world:
            measure(world, count, arguments.judge, tally, *kind)
    return tally


def measure(world, count, judge, tally, agent, words, connect, limit):
    before, began = memory(world, agent), time.monotonic()
    clients = [connect(world) for _ in range(count)]
    took = time.monotonic() - began
    each = (memory(world, agent) - before) / count
    print(f"{agent} idle {in_mib(before)}; {count} sessions, {words}, add {each / KIB:.1f} KiB each "
          f"(at most {limit // KIB}); opened in {took:.0f} s", flush=True)
    tally.check(not judge or each <= limit, f"{words}: {each / KIB:.1f} KiB a session")
    served = sum(client.say("NOOP").startswith(b"250") for client in clients)
    tally.check(served == count, f"{words}: {served} of {count} sessions are served")
    for client in clients:
        client.close()
