"""What runs in the client's container: a name server, mail programs, a load. Each verb prints one line of JSON, last."""
import asyncio
import imaplib
import json
import os
import smtplib
import socket
import ssl
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from background import BackgroundLoad  # noqa: E402
from letters import Post, recognise  # noqa: E402
from load import Door  # noqa: E402
from nameserver import Nameserver, wire_name  # noqa: E402
from tally import Tally, compare  # noqa: E402

DOMAIN, PASSWORD = "containers.test", "7kd-qzm-2xw"
USERS = ["anna", "bela", "cili"]
SENDER = f"sender@{DOMAIN}"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
STOP = "/tmp/stop"
SOA = 6
PATIENCE_S, PAUSE_S = 60, 0.02
ANY = ssl._create_unverified_context()  # the stack's own certificate


def names():
    """Forever: all that is asked for is strangers.test, whose mail only 203.0.113.9 may send."""
    server = Nameserver({"strangers.test": [("TXT", "v=spf1 ip4:203.0.113.9 -all")]}, port=53, host="0.0.0.0")
    # Whoever finds no DNSSEC looks for the start of the root zone before it does without.
    server.zone[""] = [(SOA, wire_name("ns.test") + wire_name("admin.test") + struct.pack(">5I", 1, 60, 60, 60, 60))]
    threading.Event().wait()


def letter(word, sender, to):
    return f"From: {sender}\r\nTo: {to}\r\nSubject: {word}\r\n\r\nHello.\r\n"


def submit(port, word):
    """By 587 or 465 with a login."""
    if port == "465":
        session = smtplib.SMTP_SSL("msa", 465, timeout=PATIENCE_S, context=ANY)
    else:
        session = smtplib.SMTP("msa", int(port), timeout=PATIENCE_S)
        session.starttls(context=ANY)
    session.login(SENDER, PASSWORD)
    session.sendmail(SENDER, [f"anna@{DOMAIN}"], letter(word, SENDER, f"anna@{DOMAIN}"))
    session.quit()
    return {"ok": True}


def proxied(host, port, client, header=True):
    """A connection as a balancer makes it for `client`."""
    sock = socket.create_connection((host, port), timeout=PATIENCE_S)
    if header:
        block = socket.inet_aton(client) + socket.inet_aton("198.51.100.25") + struct.pack(">HH", 4711, port)
        sock.sendall(SIGNATURE + b"\x21\x11" + struct.pack(">H", len(block)) + block)
    return sock


class ProxiedSMTP(smtplib.SMTP):
    def _get_socket(self, host, port, timeout):
        return proxied(host, port, "203.0.113.9")


class ProxiedSMTPS(smtplib.SMTP_SSL):
    def _get_socket(self, host, port, timeout):
        return ANY.wrap_socket(proxied(host, port, "203.0.113.9"))


def balance(word):
    """Mail of strangers.test to port 25 and a login on 465, both through a balancer that names the client."""
    with ProxiedSMTP("mta", 25, timeout=PATIENCE_S) as session:
        session.sendmail("eve@strangers.test", [f"bela@{DOMAIN}"], letter(word, "eve@strangers.test", f"bela@{DOMAIN}"))
    with ProxiedSMTPS("msa", 465, timeout=PATIENCE_S, context=ANY) as session:
        session.login(SENDER, PASSWORD)
    return {"ok": True}


def balance_silently():
    """A listed balancer that sends SMTP without its header: what comes back."""
    with proxied("mta", 25, "", header=False) as sock:
        sock.sendall(b"EHLO balancer.test\r\nQUIT\r\n")
        return {"answer": sock.recv(100).decode(errors="replace")}


def relay():
    """What port 25 says to a recipient elsewhere."""
    with smtplib.SMTP("mta", 25, timeout=PATIENCE_S) as session:
        session.ehlo()
        session.mail("someone@strangers.test")
        return {"code": session.rcpt("else@where.test")[0]}


def mailbox(user):
    session = imaplib.IMAP4_SSL("dovecot", 993, ssl_context=ANY, timeout=PATIENCE_S)
    session.login(f"{user}@{DOMAIN}", PASSWORD)
    session.select("INBOX", readonly=True)
    return session


def fetch(user, word):
    """The message with this subject, once it is there."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        session = mailbox(user)
        found = session.search(None, "SUBJECT", word)[1][0].split()
        texts = [session.fetch(number, "(BODY.PEEK[])")[1][0][1].decode() for number in found]
        session.logout()
        if texts:
            return {"texts": texts}
        time.sleep(0.3)
    return {"texts": []}


def sightings():
    for user in USERS:
        session = mailbox(user)
        count = int(session.select("INBOX", readonly=True)[1][0])
        for start in range(1, count + 1, 200):
            for part in session.fetch(f"{start}:{min(count, start + 199)}", "(UID BODY.PEEK[])")[1]:
                if isinstance(part, tuple):
                    name, whole = recognise(part[1])
                    if name.startswith("load-"):
                        yield user, name, whole, part[0].decode()
        session.logout()


class CalmLoad(BackgroundLoad):
    async def _send_one(self, session):
        await super()._send_one(session)
        await asyncio.sleep(PAUSE_S)


def load():
    """Letters by 587 and 25 until STOP is there; then each acknowledged one has to be in its mailboxes once."""
    if os.path.exists(STOP):
        os.unlink(STOP)
    doors = [Door(587, SENDER, PASSWORD, "msa"), Door(587, SENDER, PASSWORD, "msa"), Door(25, "far@strangers.test", "", "mta")]
    post = Post("load", DOMAIN, USERS, 1, sizes=((0.9, 2000), (0.1, 100000)))
    running = CalmLoad(post, doors).start()
    while not os.path.exists(STOP):
        time.sleep(0.1)
    running.stop()
    ended = running.join()
    until, tally = time.monotonic() + 120, Tally()
    while True:
        tally = Tally()
        compare(running.letters, sightings(), tally)
        if not any(failure.startswith("LOST") for failure in tally.failures) or time.monotonic() > until:
            break
        time.sleep(1)
    acked = sum(one.state == "acked" for one in running.letters)
    return {"ended": ended, "acked": acked, "passed": tally.passed, "failures": tally.failures[:20], "notes": dict(tally.notes),
            "breaks": running.breaks, "refusals": running.refusals}


VERBS = {"names": names, "submit": submit, "balance": balance, "balance-silently": balance_silently, "relay": relay,
         "fetch": fetch, "load": load}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])))
