"""What the client tests share. A module of tests is a list of @case functions and an OPTIONS list for the front door;
tests/clients/run starts the front door with it and runs `harness.py MODULE` under it. Each case prints one line."""
import importlib
import json
import os
import re
import secrets
import smtplib
import socket
import ssl
import subprocess
import sys
import time
import traceback
from pathlib import Path

env = os.environ
CASES = []
PATIENCE_S = 30
TOP = Path(__file__).resolve().parents[2]


class Skip(Exception):
    """The case cannot run here; the text says why."""


def case(words):
    """Marks a test; `words` is the sentence that it proves."""
    def mark(function):
        CASES.append((words, function))
        return function
    return mark


def check(condition, words):
    if not condition:
        raise AssertionError(words)


def token():
    """A word that appears in one message only."""
    return "t" + secrets.token_hex(8)


def port(name):
    return int(env[f"FUTAR_{name}_PORT"])


def tls():
    return ssl.create_default_context(cafile=env["FUTAR_CA"])


ALICE, BOB = env.get("FUTAR_USER", ""), env.get("FUTAR_USER2", "")
PASSWORD = env.get("FUTAR_PASSWORD", "")
DOMAIN, HOST = env.get("FUTAR_DOMAIN", ""), env.get("FUTAR_HOST", "")


def accounts():
    """[(address, password)] of all accounts that the front door made."""
    return [tuple(line.split()) for line in Path(env["FUTAR_ROOT"], "accounts").read_text().splitlines()]


# Sending -------------------------------------------------------------------------------------------------------------

def submission(user=None, word=None, implicit=False):
    """A logged-in smtplib session."""
    if implicit:
        session = smtplib.SMTP_SSL(HOST, port("SUBMISSIONS"), timeout=PATIENCE_S, context=tls())
    else:
        session = smtplib.SMTP(HOST, port("SUBMISSION"), timeout=PATIENCE_S)
        session.starttls(context=tls())
    session.login(user or ALICE, word or PASSWORD)
    return session


def exchange():
    """A session with port 25, not logged in."""
    return smtplib.SMTP(HOST, port("MX"), timeout=PATIENCE_S)


def message(word, sender=None, to=None, body=b"Hello.\r\n", fields=()):
    """A small message with `word` as its subject, CRLF lines."""
    head = [f"From: {sender or ALICE}", f"To: {to or BOB}", f"Subject: {word}", *fields, "", ""]
    return "\r\n".join(head).encode() + body


def send(session, content, to=None, sender=None, options=(), recipient_options=()):
    """MAIL, RCPT, DATA; returns the last reply as (code, text)."""
    session.ehlo_or_helo_if_needed()
    code, text = session.mail(ALICE if sender is None else sender, list(options))
    if code != 250:
        session.rset()
        return code, text.decode()
    for recipient in [to or BOB] if isinstance(to or BOB, str) else to:
        code, text = session.rcpt(recipient, list(recipient_options))
        if code // 10 != 25:
            session.rset()
            return code, text.decode()
    code, text = session.data(content)
    return code, text.decode()


class Wire:
    """SMTP octet by octet, for what no library would send."""

    def __init__(self, where="MX", implicit=False):
        self.socket = socket.create_connection((HOST, port(where)), PATIENCE_S)
        if implicit:
            self.socket = tls().wrap_socket(self.socket, server_hostname=HOST)
        self.buffer = b""
        self.greeting = self.reply()

    def send(self, octets):
        self.socket.sendall(octets)

    def line(self):
        while b"\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the server closed the connection")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("utf-8", "replace")

    def reply(self):
        """One reply, its lines joined by newlines."""
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "\n".join(lines)

    def ask(self, command):
        self.send(command.encode() + b"\r\n")
        return self.reply()

    def secure(self):
        """STARTTLS and EHLO again."""
        check(self.ask("STARTTLS").startswith("220"), "STARTTLS was refused")
        self.socket = tls().wrap_socket(self.socket, server_hostname=HOST)
        return self.ask("EHLO client.example")

    def close(self):
        self.socket.close()


# Looking -------------------------------------------------------------------------------------------------------------

def maildir(address):
    local, domain = address.rsplit("@", 1)
    return Path(env["FUTAR_ROOT"], "mail", domain, local)


def files(address, folder=""):
    """The message files of a mailbox folder ("" = INBOX)."""
    base = maildir(address) / folder
    return [path for part in ("new", "cur") for path in (base / part).glob("*") if path.is_file()]


def search(address, word):
    """Contents of the messages that contain `word`."""
    found = []
    for path in files(address):
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # renamed by Dovecot between glob and read
            continue
        if word.encode() in content:
            found.append(content)
    return found


def arrives(address, word, count=1, seconds=PATIENCE_S):
    """Waits for `count` messages that contain `word`; returns the contents."""
    until = time.monotonic() + seconds
    while len(found := search(address, word)) < count:
        check(time.monotonic() < until, f"{len(found)} of {count} came to {address} within {seconds} s")
        time.sleep(0.02)
    check(len(found) == count, f"{len(found)} messages instead of {count} in {address}")
    return found


ADDED = re.compile(rb"(?:Return-Path|Delivered-To|X-Original-To|Received|Authentication-Results|DKIM-Signature|Date|"
                   rb"Message-ID|Received-SPF|ARC-[A-Za-z-]+):(?:[^\n]*\n[ \t])*[^\n]*\n", re.IGNORECASE)


def is_what_was_sent(stored, sent):
    """Whether a Maildir file is `sent` (CRLF) with LF lines behind fields that we add."""
    content = sent.replace(b"\r\n", b"\n")
    if not stored.endswith(content):
        return False
    return ADDED.sub(b"", stored[:len(stored) - len(content)]) == b""


def futar(*words, text=None, okay=(0,)):
    """The operator's program; returns what it printed."""
    done = subprocess.run([f"{env['FUTAR_BIN']}/futar", "--config", env["FUTAR_CONFIG"], *words], input=text,
                          capture_output=True, text=True, timeout=PATIENCE_S)
    check(done.returncode in okay, f"futar {' '.join(words)}: status {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


def pid(agent):
    """The process id of the agent that runs now; after a kill the file names the dead one for a moment."""
    for _ in range(200):
        found = Path(env["FUTAR_ROOT"], "run", f"{agent}.pid").read_text().strip()
        if os.path.exists(f"/proc/{found}/exe") and os.readlink(f"/proc/{found}/exe").endswith(f"futar-{agent}"):
            return int(found)
        time.sleep(0.05)
    raise AssertionError(f"{agent} does not run")


def trace(*words, okay=(0,)):
    """The messages that `futar trace --json` tells for an id or other words."""
    return json.loads(futar("--json", "trace", *words, okay=okay))["messages"]


def program(*command, text=None, seconds=60):
    """Runs a mail program to its end; returns (status, output)."""
    done = subprocess.run(command, input=text, capture_output=True, timeout=seconds)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def run_cases():
    bad = 0
    for words, function in CASES:
        try:
            told = function()
            print(f"ok {words}" + (f": {told}" if told else ""), flush=True)
        except Skip as reason:
            print(f"SKIPPED {words}: {reason}", flush=True)
        except Exception as error:  # each case is told, whatever ended it
            bad += 1
            lines = str(error).strip().splitlines() or [type(error).__name__]
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL {words}: {type(error).__name__}: {lines[0][:300]} ({Path(where.filename).name}:{where.lineno})",
                  flush=True)
            for line in lines[1:12]:
                print(f"    {line[:300]}", flush=True)
    return bad


if __name__ == "__main__":
    # The module imports `harness`; this file runs as __main__, so the cases are those of that other copy.
    importlib.import_module(sys.argv[1])
    sys.exit(1 if importlib.import_module("harness").run_cases() else 0)
