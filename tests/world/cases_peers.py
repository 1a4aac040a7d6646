"""The world itself, and mail into ours: what must hold before ours sends anything."""
import re
import socket
import ssl
import subprocess

from cases import BOB, came_by_tls, case, check, letter
from destinations import DESTINATIONS
from hosts import RESOLVER, wait_for


def ask(world, name, kind):
    """(rcode, flags, records) by the validating resolver."""
    told = world.internet.names_host.run("drill", "-D", f"@{RESOLVER}", name, kind)
    return (re.search(r"rcode: (\w+)", told)[1], re.search(r"flags: ([a-z ]+)", told)[1].split(),
            re.findall(rf"^\S+\t\d+\tIN\t{kind}\t(.+)$", told, re.MULTILINE))


@case("the DNS is signed: secure, insecure, bogus and failing names are told apart")
def _(world):
    for name, kind, rcode, secure in (
            ("mx.futar.test", "A", "NOERROR", True), ("postfix.test", "MX", "NOERROR", True),
            ("10.100.51.198.in-addr.arpa", "PTR", "NOERROR", True), ("nowhere.test", "MX", "NXDOMAIN", True),
            ("_25._tcp.mx.dane-ee.test", "TLSA", "NOERROR", True), ("d0001.alive.test", "MX", "NOERROR", False),
            ("_25._tcp.mx.dane-insecure.test", "TLSA", "NOERROR", False),
            ("_25._tcp.mx.dane-bogus.test", "TLSA", "SERVFAIL", False), ("dane-bogus.test", "MX", "NOERROR", True),
            ("_25._tcp.mx.dane-servfail.test", "TLSA", "SERVFAIL", False)):
        found, flags, _ = ask(world, name, kind)
        check((found, "ad" in flags) == (rcode, secure), f"{name} {kind}: {found}, flags {flags}")


@case("the web host serves MTA-STS policies that a client with our authority trusts")
def _(world):
    context = ssl.create_default_context(cafile=world.internet.ca.certificate)
    for name, works in (("sts", True), ("sts-mx", True), ("sts-web-self", False)):
        host = f"mta-sts.{name}.test"
        try:
            with context.wrap_socket(socket.create_connection((host, 443), 5), server_hostname=host) as connection:
                connection.sendall(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                text = b"".join(iter(lambda: connection.recv(4096), b""))
            check(works and b"mode: enforce" in text, f"{host}: {text[:200]}")
        except ssl.SSLCertVerificationError:
            check(not works, f"{host}: not trusted")


@case("nothing of it is seen outside, and no way leads out")
def _(world):
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True).stdout
    check("default" not in routes, routes)


@case("the control: Postfix, which knows DANE and no MTA-STS, judges the rows of DANE as the table does")
def _(world):
    rows = [one for one in DESTINATIONS if not one.wish and (not one.sts or one.tlsa)]
    words = {}
    for row in rows:
        words[row], to = world.word(), f"user@{row.domain}"
        world.inject(world.internet.postfix, to, letter(words[row], to), "user@postfix.test")

    def verdicts():
        log = world.internet.postfix.host.log()
        found = {row: re.findall(rf"to=<user@{re.escape(row.domain)}>.*status=(\w+)", log) for row in rows}
        return found if all(found.values()) else None
    wrong = [f"{row.name}: {told[-1]}" for row, told in wait_for("a verdict for each row", verdicts, 60).items()
             if (told[-1] == "sent") != row.arrives]
    check(not wrong, ", ".join(wrong))
    return f"{len(rows)} rows"


@case("the control: the sink puts off, cuts after a dot, and notes what it took")
def _(world):
    grey, cut = world.word(), world.word()
    for word, to in ((grey, f"{grey}@greylist.test"), (cut, "cut@sink.test")):
        world.inject(world.internet.postfix, to, letter(word, to), "user@postfix.test")
    world.taken(grey)
    world.taken(cut, count=2)


def between(sender, receiver):
    @case(f"{sender} and {receiver} exchange mail in this world")
    def exchange(world):
        word = world.word()
        peers = world.internet
        to = f"user@{receiver}.test"
        world.inject(getattr(peers, sender), to, letter(word, to, sender=f"user@{sender}.test"), f"user@{sender}.test")
        world.arrives((getattr(peers, receiver), to), word)
    return exchange


def into_ours(sender):
    @case(f"{sender} delivers to us, over TLS, and verifies our TLSA record if it can")
    def exchange(world):
        word, server = world.word(), getattr(world.internet, sender)
        world.ours  # has to listen before they try
        world.inject(server, BOB, letter(word, BOB, sender=f"user@{sender}.test"), f"user@{sender}.test")
        stored = world.arrives(BOB, word)[0]
        check(came_by_tls(stored), "no TLS")
        wait_for(f"its log says {VERIFIED[sender]}", lambda: VERIFIED[sender] in server.host.log())
    return exchange


VERIFIED = {"postfix": "Verified TLS connection established to mx.futar.test", "exim": "CV=dane", "smtpd": ""}
PEERS = ("postfix", "exim", "smtpd")
for one in PEERS:
    for another in PEERS:
        if one != another:
            between(one, another)
for one in PEERS:
    into_ours(one)
