"""What the cases share: the list of sentences, sending, looking into mailboxes, and the trace of what failed."""
import email
import json
import os
import re
import secrets
import smtplib
import ssl
import time
import traceback

from hosts import OUR_ADDRESS, TEST_ADDRESS, wait_for
from ours import ALICE, BOB, PASSWORD, Ours

PATIENCE_S = 30
CASES = {}  # of each module


class Skip(Exception):
    """The case cannot run here; the text says why."""


def case(words):
    """Marks a test, a function of the world; `words` is the sentence that it proves."""
    def mark(function):
        function.words = words
        CASES.setdefault(function.__module__, []).append(function)
        return function
    return mark


def check(condition, words):
    if not condition:
        raise AssertionError(words)


def token():
    """A word that appears in one message only."""
    return "t" + secrets.token_hex(8)


class Runner:
    """Runs modules of cases: each module gets agents of its own, with the settings that its ours() returns."""

    def __init__(self, internet, programs, arguments):
        self.internet, self.programs, self.arguments = internet, programs, arguments
        self.passed = self.failed = self.skipped = 0

    def run(self, module):
        name = module.__name__.removeprefix("cases_")
        print(f"{name}: {module.__doc__.strip().splitlines()[0]}", flush=True)
        settings = getattr(module, "ours", lambda _: {})(self.internet)
        world = Scene(self.internet, self.programs, self.arguments, name, settings)
        try:
            for function in CASES[module.__name__]:
                if self.arguments.only in function.words:
                    self.one(world, function)
        finally:
            world.close()

    def one(self, world, function):
        world.words, began = [], time.monotonic()
        try:
            told = function(world)
            self.passed += 1
            print(f"ok {function.words}{f': {told}' if told else ''} ({time.monotonic() - began:.1f} s)", flush=True)
        except Skip as reason:
            self.skipped += 1
            print(f"SKIPPED {function.words}: {reason}", flush=True)
        except Exception as error:  # each case is told, whatever ended it
            self.failed += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            lines = (str(error) or type(error).__name__).splitlines()
            print(f"FAIL {function.words}: {lines[0][:300]} ({os.path.basename(where.filename)}:{where.lineno})", flush=True)
            for line in [*lines[1:20], *world.story()]:
                print(f"    {line[:300]}", flush=True)

    def line(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


class Scene:
    """The world as a case sees it; our agents start when a case asks for them."""

    def __init__(self, internet, programs, arguments, name, settings):
        self.internet, self.programs, self.arguments = internet, programs, arguments
        self.name, self.settings, self._ours, self.words = name, settings, None, []
        self.ids = {}  # word -> our id of the message that bears it

    @property
    def ours(self):
        if self._ours is None:
            self._ours = Ours(self.internet, self.programs, f"futar-{self.name}", **self.settings)
            self._ours.start()
        return self._ours

    def close(self):
        if self._ours:
            self._ours.stop()
            self._ours = None

    def fresh(self, **settings):
        """New agents in place of the old ones, with other settings."""
        self.close()
        self.settings, self.name = settings, f"{self.name}x"
        return self.ours

    # Sending ---------------------------------------------------------------------------------------------------------

    def word(self):
        self.words.append(token())
        return self.words[-1]

    def submit(self, to, content, sender=ALICE, options=(), each=()):
        """Through our submission port, logged in as alice; returns the last reply's text."""
        session = connect("127.0.0.1", self.ours.submission_port)
        session.starttls(context=ssl._create_unverified_context())
        session.ehlo()
        session.login(ALICE, PASSWORD)
        return self.remember(content, deliver(session, to, content, sender, options, each))

    def receive(self, to, content, sender):
        """At our port 25, from a stranger."""
        return self.remember(content, deliver(connect(), to, content, sender))

    def remember(self, content, reply):
        """Keeps the id that we gave to a letter, from our reply to it."""
        self.ids[re.search(rb"^Message-ID: <(\w+)@", content, re.MULTILINE)[1].decode()] = reply.split()[-1]
        return reply

    def inject(self, server, to, content, sender, options=(), each=()):
        """Into a foreign server, which sends it on."""
        session = connect(server.host.addresses[0], source_address=(TEST_ADDRESS, 0))
        return deliver(session, to, content, sender, options, each)

    # Looking ---------------------------------------------------------------------------------------------------------

    def found(self, where, word):
        """Contents of the messages that contain `word`; where is one of our addresses, or (server, address there)."""
        server, address = where if isinstance(where, tuple) else (None, where)
        local, _, domain = address.partition("@")
        base = f"{server.host.root}/var/mailboxes" if server else self.ours.mailboxes
        return [content for folder in ("new", "cur") for content in contents(f"{base}/{domain}/{local}/{folder}")
                if word.encode() in content]

    def arrives(self, where, word, count=1, seconds=PATIENCE_S):
        wait_for(f"{count} for {where if isinstance(where, str) else where[1]}",
                 lambda: len(self.found(where, word)) >= count, seconds)
        found = self.found(where, word)
        check(len(found) == count, f"{len(found)} messages instead of {count}")
        return found

    def report(self, word, action, seconds=PATIENCE_S, to=ALICE):
        """Waits for a delivery status notification about `word` to alice: (its text, {field: value} of a recipient)."""
        def look():
            for content in self.found(to, word):
                parts = email.message_from_bytes(content).get_payload()
                if not isinstance(parts, list) or not parts[1].get_content_type().endswith("delivery-status"):
                    continue
                for fields in fields_of(parts[1])[1:]:
                    if fields.get("Action", "").lower() == action:
                        return parts[0].get_payload(decode=True).decode(), fields
            return None
        return wait_for(f"a report of {action}", look, seconds)

    def taken(self, word, count=1, seconds=PATIENCE_S):
        """Waits until the sink has taken the message so often."""
        def look():
            return [line for line in self.sink_lines() if word in (line["subject"], line["letter"])]
        wait_for(f"{count} at the sink", lambda: len(look()) >= count, seconds)
        check(len(look()) == count, f"the sink took it {len(look())} times")
        return look()

    def sink_lines(self):
        with open(f"{self.internet.sink.folder}/taken") as file:
            return [json.loads(line) for line in file.read().splitlines()]

    def count_sink_lines(self):
        with open(f"{self.internet.sink.folder}/taken", "rb") as file:
            return sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))

    def kept(self, word):
        """The octets that the sink read for keep@, dots still stuffed."""
        folder = self.internet.sink.folder
        return next(content for content in contents(folder, "kept-") if word.encode() in content)

    def history(self, word):
        """The messages of `futar trace --json`."""
        told = self.ours.futar("--json", "trace", *self.name_of(word), check=False).stdout
        return json.loads(told)["messages"] if told.startswith("{") else []

    def events(self, word):
        """All that the trace says of a message, a line each."""
        return "\n".join([f"{event.get('text', '')} {event.get('cause', '')}" for message in self.history(word)
                          for event in message["events"]] + [f"{one['address']} {one['state']} {one.get('reason', '')}"
                                                             for message in self.history(word)
                                                             for one in message["recipients"]])

    def waits(self, word):
        """Whether a recipient of it is still in the queue."""
        return any(one["state"] not in ("delivered", "relayed", "failed", "expanded", "bounced", "removed")
                   for message in self.history(word) for one in message["recipients"])

    def trace(self, word):
        """What `futar trace` says in words."""
        return self.ours.futar("trace", *self.name_of(word), check=False).stdout

    def name_of(self, word):
        """What `futar trace` finds a message by: our id of what was submitted, else the Message-ID of letter()."""
        return [self.ids[word]] if word in self.ids else ["--message-id", f"{word}@futar.test"]

    def story(self):
        """The traces of all messages of a case that failed, and the last words of the peers."""
        traces = [line for word in self.words if self._ours for line in self.trace(word).splitlines()]
        peers = [getattr(self.internet, name).host for name in ("postfix", "exim", "smtpd")]
        return traces + [f"{peer.name}: {line}" for peer in peers for line in peer.log().splitlines()[-12:]]


def connect(address=OUR_ADDRESS, port=25, **options):
    """An SMTP session; a name is given, else smtplib asks the DNS for ours."""
    return smtplib.SMTP(address, port, "test.futar.test", PATIENCE_S, **options)


def letter(word, to, sender=ALICE, body=b"Hello.\r\n", fields=()):
    """A small message with `word` as subject and Message-ID, CRLF lines."""
    head = [f"From: {sender}", f"To: {to if isinstance(to, str) else to[0]}", f"Subject: {word}",
            f"Message-ID: <{word}@futar.test>", *fields, "", ""]
    return "\r\n".join(head).encode() + body


def deliver(session, to, content, sender, options=(), each=()):
    """MAIL, RCPT, DATA; returns the text of the last reply, raises when any is not 2xx."""
    with session:
        session.ehlo_or_helo_if_needed()
        session.command_encoding = "utf-8"
        for code, text in (session.mail(sender, list(options)),
                           *(session.rcpt(one, list(each)) for one in ([to] if isinstance(to, str) else to)),
                           session.data(content)):
            check(code // 100 == 2, f"{code} {text.decode(errors='replace')}")
        return text.decode(errors="replace")


def fields_of(status):
    """The blocks of a delivery status (RFC 3464, RFC 6533), each {field: value}."""
    payload = status.get_payload()
    text = payload if isinstance(payload, str) else "\n\n".join(str(block).strip() for block in payload)
    return [dict(email.message_from_string(block).items()) for block in re.split(r"\n\n+", text.replace("\r", "").strip())]


def came_by_tls(stored):
    """What the last Received field says (RFC 3848): the peer's own word."""
    last = stored.partition(b"Received:")[2].partition(b"\nReceived:")[0]
    return re.search(rb"with (?:UTF8|E)SMTPSA?\b", last, re.IGNORECASE) is not None


def contents(folder, prefix=""):
    if not os.path.isdir(folder):
        return
    for name in os.listdir(folder):
        if not name.startswith(prefix):
            continue
        try:
            with open(f"{folder}/{name}", "rb") as file:
                yield file.read()
        except FileNotFoundError:  # moved meanwhile
            continue
