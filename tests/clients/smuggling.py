"""SMTP smuggling end to end (CVE-2023-51764 to -51766, CVE-2024-27305) and command injection behind STARTTLS."""
import base64
import itertools
import time

from harness import ALICE, BOB, PASSWORD, Wire, arrives, case, check, env, files, message, tls, token

OPTIONS = []
# Everything that some server took for a line end, and mixtures of it.
ENDS = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n", b"\0\r\n", b"\r\0\n", b""]


def open_session(where):
    wire = Wire(where, implicit=where == "SUBMISSIONS")
    wire.ask("EHLO client.example")
    if where == "SUBMISSIONS":
        wire.ask("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode())
    return wire


def all_files():
    return {path for address in (ALICE, BOB) for path in files(address)}


def is_refused(wire, before, after, word):
    """Sends DATA with before + "." + after in the middle and a second message behind it; one reply, 550, nothing stored."""
    wire.send(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n".encode())
    check([wire.reply()[:3] for _ in range(3)] == ["250", "250", "354"], "the session is out of step")
    inner = f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n".encode() + message(f"{word} smuggled", sender=ALICE)
    wire.send(message(word, sender=ALICE, body=b"line" + before + b"." + after + inner) + b".\r\n")
    reply = wire.reply()
    check(reply.startswith("550 5.6.11"), f"{before!r} . {after!r} got {reply}")
    check(wire.ask("NOOP").startswith("250"), f"{before!r} . {after!r}: a second reply")


def smuggle(where):
    wire, word = open_session(where), token()
    refused = 0
    for before, after in itertools.product(ENDS, ENDS):
        bare = (before + b"." + after).replace(b"\r\n", b"")
        if not any(octet in bare for octet in (b"\r", b"\n", b"\0")):
            continue  # only whole line ends: a text with a dot in it
        if before.endswith(b"\r\n") and after.startswith(b"\r\n"):
            continue  # the true end of data, whatever stands around it
        is_refused(wire, before, after, word)
        refused += 1
        if refused % 15 == 0:  # the errors of one session are limited
            wire = open_session(where)
    last = token()
    wire = open_session(where)
    wire.send(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n".encode())
    [wire.reply() for _ in range(3)]
    wire.send(message(last, sender=ALICE) + b".\r\n")
    check(wire.reply().startswith("250"), "an honest message was refused")
    arrives(BOB, last)
    for path in all_files():
        check(word.encode() not in path.read_bytes(), f"{path} holds a refused message")
    return f"{refused} forms"


@case("no form of CR, LF, NUL and dot but CRLF.CRLF ends a message on port 25; all are refused, nothing is stored")
def _():
    return smuggle("MX")


@case("the same forms on 465")
def _():
    return smuggle("SUBMISSIONS")


@case("dots at the start of lines go through unharmed")
def _():
    wire, word = open_session("MX"), token()
    wire.send(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n".encode())
    [wire.reply() for _ in range(3)]
    wire.send(message(word, sender=ALICE, body=b"..\r\n...\r\n..two\r\na.\r\n") + b".\r\n")
    check(wire.reply().startswith("250"), "refused")
    check(arrives(BOB, word)[0].endswith(b"\n\n.\n..\n.two\na.\n"), "dots were changed")


@case("commands pipelined behind STARTTLS are never carried out (CVE-2011-0411)")
def _():
    for where in ("MX", "SUBMISSION"):
        wire = Wire(where)
        wire.ask("EHLO client.example")
        wire.send(b"STARTTLS\r\nNOOP\r\nEHLO injected.example\r\n")
        reply = wire.reply()
        if not reply.startswith("220"):
            continue  # refused at once
        try:
            wire.socket = tls().wrap_socket(wire.socket, server_hostname=env["FUTAR_HOST"])
            wire.socket.settimeout(1)
            check(not wire.socket.recv(1000), f"{where}: a plain command was answered under TLS")
        except OSError:
            pass  # the session was closed, or says nothing


@case("a message that ends inside CRLF.CRLF across writes is one message")
def _():
    wire = open_session("MX")
    for cut in range(1, 5):
        word = token()
        wire.send(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n".encode())
        [wire.reply() for _ in range(3)]
        content = message(word, sender=ALICE) + b".\r\n"
        wire.send(content[:-cut])
        time.sleep(0.02)
        wire.send(content[-cut:])
        check(wire.reply().startswith("250"), f"cut {cut}")
        arrives(BOB, word)
