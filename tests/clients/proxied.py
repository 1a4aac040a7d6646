"""The PROXY protocol, version 2: a balancer at 127.0.0.2 is listed, nobody else is."""
import smtplib
import socket
import struct

from harness import ALICE, BOB, HOST, PASSWORD, PATIENCE_S, arrives, case, check, message, port, tls, token

BALANCER = "127.0.0.2"
OPTIONS = ["--set", f"mta.proxy_from={BALANCER}", "--set", f"msa.proxy_from={BALANCER}"]
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
STRANGER = "eve@elsewhere.example"


def header(client="203.0.113.9", command=0x21, tlvs=b""):
    if command == 0x20:
        family, block = 0x00, b""
    elif ":" in client:
        family, block = 0x21, socket.inet_pton(socket.AF_INET6, client) + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    else:
        family, block = 0x11, socket.inet_aton(client) + socket.inet_aton("192.0.2.1")
    if block:
        block += struct.pack(">HH", 4711, 25)
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(block + tlvs)) + block + tlvs


def connect(name, first=b"", source=BALANCER):
    sock = socket.create_connection((HOST, port(name)), timeout=PATIENCE_S, source_address=(source, 0))
    sock.sendall(first)
    return sock


class Balanced(smtplib.SMTP):
    """Port 25 or 587 through the balancer."""

    def __init__(self, name, first):
        self.first, self.door = first, name
        super().__init__(HOST, port(name), timeout=PATIENCE_S)

    def _get_socket(self, host, number, timeout):
        return connect(self.door, self.first)


class BalancedTls(Balanced):
    """Port 465: the header stands before the first octet of TLS."""

    def _get_socket(self, host, number, timeout):
        return tls().wrap_socket(super()._get_socket(host, number, timeout), server_hostname=HOST)


def hop(first):
    """Who gave the message to port 25, as Received tells it."""
    word = token()
    with Balanced("MX", first) as session:
        session.sendmail(STRANGER, [BOB], message(word, sender=STRANGER))
    return arrives(BOB, word)[0].partition(b"\nReceived:")[2] or arrives(BOB, word)[0]


@case("mail through a balancer comes from the client that its header names, over IPv4 and IPv6")
def _():
    check(b"[203.0.113.9]" in hop(header()), "IPv4")
    check(b"[203.0.113.9]" in hop(header(tlvs=b"\x04\x00\x03xxx" * 50)), "with TLVs")
    check(b"[IPv6:2001:db8::9]" in hop(header("2001:db8::9")), "IPv6")


@case("the balancer's own connection is its own")
def _():
    check(f"[{BALANCER}]".encode() in hop(header(command=0x20)), "LOCAL")


@case("submission works through a balancer by 587 and 465")
def _():
    for kind, name in ((Balanced, "SUBMISSION"), (BalancedTls, "SUBMISSIONS")):
        word = token()
        with kind(name, header()) as session:
            if name == "SUBMISSION":
                session.starttls(context=tls())
            session.login(ALICE, PASSWORD)
            session.sendmail(ALICE, [BOB], message(word))
        arrives(BOB, word)


@case("a listed balancer without a header of version 2 is closed without a word")
def _():
    for first in (b"EHLO balancer.example\r\n", b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 25\r\n", header(command=0x22),
                  SIGNATURE + b"\x21\x00\x00\x00", SIGNATURE + b"\x21\x11\xff\xff"):
        for name in ("MX", "SUBMISSION", "SUBMISSIONS"):
            with connect(name, first) as sock:
                check(sock.recv(100) == b"", f"{name} answers {first}")


@case("from anybody else the header is no header: SMTP refuses its lines, and the client is who it was")
def _():
    with connect("MX", header(), source="127.0.0.1") as sock, sock.makefile("rb") as lines:
        check(lines.readline().startswith(b"220 "), "greeting")
        check(lines.readline().startswith(b"50"), "the header was obeyed")
