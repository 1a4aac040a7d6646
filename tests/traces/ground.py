"""The ground of the traces: Futár at public addresses of a network of its own, where its DNS and the other servers are."""
import asyncio
import json
import os
import re
import smtplib
import socket
import ssl
import subprocess
import threading
import time

from nameserver import Nameserver
from sink import CLOSE, Session, Sink
from world import AGENTS, Agent, World

HOST, OURS, MX = "mail.example.org", "198.51.100.7", ("192.0.2.25", "mx1.remote.example")
HOME, STRANGER, FRIEND, DEAD = "203.0.113.9", "203.0.113.80", "203.0.113.20", "192.0.2.99"
ALICE, BOB, EVA, FULL = (f"{name}@example.org" for name in ("alice", "bob", "eva", "full"))
PASSWORD, PATIENCE_S = "7kd-qzm-2xw", 30
PUBLIC = "v=spf1 mx -all"
ZONE = {
    "example.org": [("MX", (10, HOST)), ("TXT", PUBLIC)], HOST: [("A", OURS)],
    "7.100.51.198.in-addr.arpa": [("PTR", HOST)], "_dmarc.example.org": [("TXT", "v=DMARC1; p=reject")],
    "remote.example": [("MX", (10, MX[1]))], MX[1]: [("A", MX[0])], "25.2.0.192.in-addr.arpa": [("PTR", MX[1])],
    "bank.example": [("TXT", "v=spf1 ip4:198.51.100.0/24 -all")], "_dmarc.bank.example": [("TXT", "v=DMARC1; p=reject")],
    "friend.example": [("MX", (10, "mx.friend.example")), ("TXT", f"v=spf1 ip4:{FRIEND} -all")],
    "mx.friend.example": [("A", FRIEND)], "20.113.0.203.in-addr.arpa": [("PTR", "mx.friend.example")],
    "dead.example": [("MX", (10, "mx.dead.example"))], "mx.dead.example": [("A", DEAD)],
}
CONFIG = """hostname = "{host}"
state_dir = "{root}/disk/state"
run_dir = "{root}/run"
[mta]
listen = ["{address}:25"]
retry_first = "{retry}"
retry_max = "{retry}"
{mta}
[msa]
listen = ["{address}:587", "{address}:465"]
[mda]
mailboxes = "{root}/disk/mail"
[dns]
servers = ["127.0.0.1@{dns}"]
anchor = "{root}/anchor"
timeout = "3s"
[metrics]
msa = "127.0.0.1:9081"
mta = "127.0.0.1:9082"
mda = "127.0.0.1:9083"
[log]
format = "{log}"
"""


class Remote(Session):
    """mx1.remote.example: grey@ is put off the first time, slow@ gets its reply to the dot late, gone@ is unknown."""

    def recipient(self, path):
        local = path.partition("@")[0]
        if local == "grey" and self.sink.seen.setdefault(("grey", self.sender), 0) == 0:
            self.sink.seen["grey", self.sender] = 1
            return b"451 4.7.1 Greylisted, try again later\r\n"
        if local == "gone":
            return b"550 5.1.1 <gone@remote.example>: no such user\r\n"
        return super().recipient(path)

    def dot(self, octets):
        reply = super().dot(octets)
        return b"250 2.0.0 Ok: queued as 4Fk2\r\n" if reply and reply is not CLOSE and reply.startswith(b"250") else reply


def apart():
    """Addresses of this network, which is only the loopback device."""
    lines = ["link set lo up", *(f"addr add {one}/32 dev lo" for one in (OURS, MX[0], HOME, STRANGER, FRIEND, DEAD))]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


class Ground(World):
    """`mta` are further lines of its section."""

    def __init__(self, programs, root, mta="", retry="1s", log="postfix"):
        super().__init__(programs, root, "example.org")
        self.dns, self.settings = Nameserver(ZONE), {"mta": mta, "retry": retry, "log": log}
        self.configure()
        with open(f"{root}/anchor", "w") as out:  # of a name that nobody asks for: this DNS is not signed
            out.write("none.invalid. IN DS 1 15 2 " + "00" * 32 + "\n")
        self.agents = {name: Agent(self, name) for name in AGENTS}
        self.serve_remote()
        self.people()

    def configure(self, **settings):
        self.settings |= settings
        with open(self.config, "w") as out:
            out.write(CONFIG.format(host=HOST, root=self.root, address=OURS, dns=self.dns.port, **self.settings))

    def serve_remote(self):
        self.sink = Sink(self.root)
        loop = asyncio.new_event_loop()
        serving = loop.create_server(lambda: Remote(self.sink), MX[0], 25)
        threading.Thread(target=lambda: (loop.run_until_complete(serving), loop.run_forever()), daemon=True).start()

    def people(self):
        document = {"domains": ["example.org"],
                    "accounts": [{"address": one} for one in (BOB, EVA, "captured@example.org", "postmaster@example.org")],
                    "aliases": [{"alias": "team@example.org", "targets": [BOB, EVA, "all@example.org"]},
                                {"alias": "all@example.org", "targets": [BOB]},
                                {"alias": "round@example.org", "targets": ["about@example.org"]},
                                {"alias": "about@example.org", "targets": ["round@example.org"]},
                                {"alias": "away@example.org", "targets": ["eve@remote.example"]}]}
        self.futar("directory", "import", "/dev/stdin", given=json.dumps(document))
        for address, more in ((ALICE, ()), (FULL, ("--quota", "32KiB")), ("carol@example.org", ("--limit", "1/day"))):
            self.futar("user", "add", address, "--password-file", "-", *more, given=PASSWORD + "\n")

    def publish_keys(self):
        """The DNS shows our keys, so that mta signs."""
        def listed(*words):
            found = json.loads(self.futar("--json", "dkim", "list", "example.org", *words).stdout)["selectors"]
            return found if len(found) == 2 else []

        def sign():  # what the resolver did not find when they were made it remembers for some seconds
            return all(one["state"] == "active" for one in listed("--check"))
        keys = wait_for("two keys", listed)
        self.dns.load(ZONE | {f"{one['selector']}._domainkey.example.org": [("TXT", one["record"])] for one in keys})
        wait_for("keys that sign", sign, pause=0.3)

    # Sending ---------------------------------------------------------------------------------------------------------

    def connect(self, client=HOME, port=25):
        return smtplib.SMTP(OURS, port, "client.example", PATIENCE_S, source_address=(client, 0))

    def login(self, user=ALICE, password=PASSWORD):
        session = self.connect(HOME, 587)
        session.starttls(context=ssl._create_unverified_context())
        session.ehlo("laptop.example")
        session.login(user, password)
        return session

    def submit(self, to, user=ALICE, options=(), each=(), body=b"Hello.\r\n"):
        """As a mail program of a user; returns the id."""
        with self.login(user) as session:
            return id_in(deliver(session, user, to, body, options, each))

    def receive(self, to, sender="dan@friend.example", client=FRIEND, body=b"Hello.\r\n"):
        """As another server at port 25; returns the reply."""
        with self.connect(client) as session:
            session.ehlo("mx." + sender.partition("@")[2] if sender else "mx.friend.example")
            return deliver(session, sender, to, body, (), ())

    # Looking ---------------------------------------------------------------------------------------------------------

    def told(self, id):
        """What `futar trace --json` tells of one message or refusal; None while there is nothing."""
        found = self.futar("--json", "trace", id, check=False).stdout
        messages = json.loads(found)["messages"] if found.startswith("{") else []
        return messages[0] if messages else None

    def wait_state(self, id, *states):
        """Waits until each recipient is in one of the states; returns what is told."""
        def look():
            found = self.told(id)
            return found if found and found["recipients"] and all(
                one["state"] in states for one in found["recipients"]) else None
        try:
            return wait_for(f"{id}: {' or '.join(states)}", look)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{self.futar('trace', id, check=False).stdout}") from None

    def wait_event(self, id, kind):
        return wait_for(f"{id}: {kind}", lambda: (found := self.told(id)) and kind in [
            event["kind"] for event in found["events"]])

    def restart(self, name, **settings):
        self.agents[name].stop()
        self.configure(**settings)
        self.agents[name].start({})
        self.agents[name].wait_ready()

    def close(self):
        for agent in self.agents.values():
            agent.stop()
        self.dns.close()


def deliver(session, sender, to, body, options, each):
    """MAIL, RCPT, DATA; the text of the last reply, whatever it was, code first."""
    recipients = [to] if isinstance(to, str) else to
    session.ehlo_or_helo_if_needed()
    code, text = session.mail(sender, list(options))
    for one in recipients:
        if code // 100 == 2:
            code, text = session.rcpt(one, list(each))
    if code // 100 == 2:
        code, text = session.data(letter(sender, recipients[0], body))
    return f"{code} {text.decode(errors='replace')}"


def letter(sender, to, body):
    head = [f"From: {sender or 'postmaster@friend.example'}", f"To: {to}", "Subject: Lunch?", "Date: Tue, 24 Nov 2026 14:02:07 +0000",
            f"Message-ID: <{os.urandom(8).hex()}@client.example>", "", ""]
    return "\r\n".join(head).encode() + body


def id_in(reply):
    found = re.search(r"\b([0-9a-hjkmnp-tv-z]{26})$", reply)
    if not found:
        raise RuntimeError(f"no id in {reply!r}")
    return found[1]


class Wire:
    """SMTP octet by octet, for what no library would send."""

    def __init__(self, client=STRANGER, port=25):
        self.socket = socket.create_connection((OURS, port), PATIENCE_S, (client, 0))
        self.file = self.socket.makefile("rb")
        self.reply()

    def reply(self):
        while (line := self.file.readline().decode(errors="replace"))[3:4] == "-":
            pass
        return line.rstrip()

    def ask(self, *commands):
        for command in commands:
            self.socket.sendall(command if isinstance(command, bytes) else command.encode() + b"\r\n")
            reply = self.reply()
        return reply


def wait_for(words, question, seconds=PATIENCE_S, pause=0.05):
    until = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > until:
            raise RuntimeError(f"not within {seconds} s: {words}")
        time.sleep(pause)
    return answer
