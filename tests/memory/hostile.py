"""Clients that never stop: whatever they send, and whether they read or not, the agent's memory stays where it was."""
import base64
import select
import ssl
import time

from house import MIB, Client, forget_peaks, house, in_mib, memory
from tally import Tally

SESSIONS = 10
LIMIT = 16 * MIB  # of growth, for all of them: 64 KiB read, 256 KiB of header or 1000 recipients each
QUIET = 1.5  # seconds without a single octet taken: the agent waits for us
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


def run(arguments):
    tally = Tally()
    with house(arguments.bin) as world:
        for agent, words, opening, piece, reads in ATTACKS:
            forget_peaks(world)
            before = memory(world, agent)
            clients = [opening(world) for _ in range(SESSIONS)]
            sent = flood(clients, piece, arguments.flood * MIB, reads)
            grown = memory(world, agent, "VmHWM") - before
            print(f"{agent}: {words}: {SESSIONS} sessions sent {in_mib(sent)}, {in_mib(before)} grew by {in_mib(grown)}",
                  flush=True)
            tally.check(not arguments.judge or grown < LIMIT, f"{words}: {agent} grew by {in_mib(grown)}")
            for client in clients:
                client.close()
        for agent, port in (("mta", world.mx_port), ("msa", world.submission_port)):
            Client(port).say("NOOP")
            tally.check(True, f"{agent} does not serve any more")
        world.stop()
        for surprise in world.surprises():
            tally.check(False, surprise)
    return tally
