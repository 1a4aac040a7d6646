"""Clients that never stop: whatever they send, and whether they read or not, the agent's memory stays where it was."""
import base64
import math
import select
import ssl
import time

from house import MIB, Client, forget_peaks, house, in_mib, memory
from tally import Tally

SESSIONS = 10
LIMIT = 16 * MIB  # of growth, for all of them: 64 KiB read, 256 KiB of header or 1000 recipients each
CROWD_LIMIT = 128 * MIB  # of growth: the memory budget of 64 MiB, and what each may have beyond it
SETTLED = 0.5  # seconds without growth
QUIET = 0.7  # seconds without a single octet taken: the agent waits for us
LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def greeted(world):
    client = Client(world.mx_port)
    client.say("EHLO hostile.test")
    return client


def with_sender(world):
    client = greeted(world)
    client.say("MAIL FROM:<a@hostile.test>")
    return client


def with_recipient(world):
    client = with_sender(world)
    client.say(f"RCPT TO:<captured@{world.domain}>")
    return client


def in_content(world):
    client = with_recipient(world)
    client.say("DATA", b"354")
    return client


def in_body(world):
    client = in_content(world)
    client.socket.sendall(b"Subject: x\r\n\r\n")
    return client


def in_tls(world):
    client = Client(world.submissions_port, implicit=True)
    client.say("EHLO hostile.test")
    return client


def in_login(world):
    client = in_tls(world)
    client.say("AUTH PLAIN", b"334")
    return client


LONG = "l" * 60 + "@" + ".".join(["d" * 60] * 3) + ".test"
A = b"A" * 65536
# agent, words, how it opens, what it then says again and again, whether it reads the replies
ATTACKS = (
    ("mta", "a command line without end", greeted, A, False),
    ("mta", "one argument without end", with_sender, b"RCPT TO:<" + A, False),
    ("mta", "recipients without end, replies read", with_sender, f"RCPT TO:<{LONG}>\r\n".encode() * 256, True),
    ("mta", "recipients without end, replies left", with_sender, f"RCPT TO:<{LONG}>\r\n".encode() * 256, False),
    ("mta", "commands without end, replies left", greeted, b"NOOP\r\n" * 8192, False),
    ("mta", "transactions without end, replies read", greeted, f"MAIL FROM:<{LONG}>\r\nRSET\r\n".encode() * 256, True),
    ("mta", "chunks without end, replies left", with_recipient, b"BDAT 3\r\nabc" * 4096, False),
    ("mta", "a header without end", in_content, b"X-Field: " + b"f" * 60 + b"\r\n", True),
    ("mta", "a header field without end", in_content, b"X-Field: " + A, True),
    ("mta", "a body without end", in_body, b"b" * 76 + b"\r\n", True),
    ("mta", "a body line without end", in_body, A, True),
    ("msa", "a command line without end, under TLS", in_tls, A, False),
    ("msa", "an initial response of AUTH without end", in_tls, b"AUTH PLAIN " + A, False),
    ("msa", "an answer to AUTH without end", in_login, base64.b64encode(A), False),
    ("msa", "commands without end under TLS, replies left", in_tls, b"NOOP\r\n" * 8192, False),
)


CROWD_ATTACKS = [attack for attack in ATTACKS if attack[1] in (
    "a command line without end", "recipients without end, replies read", "a header field without end",
    "a body without end")]


def flood(clients, piece, most, reads):
    """Sends `piece` again and again on all connections, until each has sent `most` octets, was closed, or nothing moves
    any more. Returns the octets sent."""
    piece = memoryview(piece * max(1, 65536 // len(piece)))
    for client in clients:
        client.socket.setblocking(False)
    sent, open_clients, until = dict.fromkeys(clients, 0), set(clients), time.monotonic() + QUIET
    while open_clients and time.monotonic() < until:
        moved = 0
        for client in tuple(open_clients):
            try:
                if reads:
                    drain(client)
                count = client.socket.send(piece[sent[client] % len(piece):])
                sent[client], moved = sent[client] + count, moved + count
                if sent[client] >= most:
                    open_clients.remove(client)
            except LATER:
                pass
            except OSError:
                open_clients.remove(client)
        if moved:
            until = time.monotonic() + QUIET
        else:
            select.select([], [client.socket for client in open_clients], [], 0.05)
    return sum(sent.values())


def drain(client):
    try:
        while client.socket.recv(65536):
            pass
    except LATER:
        pass


def attack(world, sessions, most, limit, tally, agent, words, opening, piece, reads):
    forget_peaks(world)
    before = memory(world, agent)
    clients = [opening(world) for _ in range(sessions)]
    sent = flood(clients, piece, most, reads)
    until, peak = time.monotonic() + SETTLED, memory(world, agent, "VmHWM")
    while time.monotonic() < until:  # it may be behind with what we have sent
        time.sleep(0.1)
        if (now := memory(world, agent, "VmHWM")) > peak:
            until, peak = time.monotonic() + SETTLED, now
    grown = peak - before
    print(f"{agent}: {words}: {sessions} sessions sent {in_mib(sent)}, {in_mib(before)} grew by {in_mib(grown)}", flush=True)
    tally.check(grown < limit, f"{words}: {agent} grew by {in_mib(grown)}")
    for client in clients:
        client.close()


def run(arguments):
    tally, judge = Tally(), arguments.judge
    with house(arguments.bin, tally) as world:
        for row in ATTACKS:
            attack(world, SESSIONS, arguments.flood * MIB, LIMIT if judge else math.inf, tally, *row)
        for agent, port in (("mta", world.mx_port), ("msa", world.submission_port)):
            tally.check(Client(port).say("NOOP"), f"{agent} does not serve any more")
    for row in CROWD_ATTACKS:
        with house(arguments.bin, tally) as world:
            attack(world, arguments.crowd, MIB // 2, CROWD_LIMIT if judge else math.inf, tally, *row)
    return tally
