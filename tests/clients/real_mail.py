"""Thousands of real messages of 2002 and 2003: in by SMTP, out of the Maildir and of IMAP octet for octet but for the
fields that we add. They hold old real addresses: they go to a mailbox here and nowhere else."""
import collections
import imaplib
import re
import tarfile
import threading
import time
from pathlib import Path

from harness import BOB, DOMAIN, HOST, TOP, Skip, case, check, env, exchange, files, is_what_was_sent, port, send, tls

OPTIONS = []
STRANGER = "eve@elsewhere.example"
SESSIONS = 4


def archive():
    for folder in (env.get("FUTAR_SHARED"), TOP.parent / "shared"):
        if folder and (path := Path(folder, "data/real-mail.tar.xz")).exists():
            return path
    raise Skip("the archive of real mail is not here (FUTAR_SHARED names the folder that holds data/real-mail.tar.xz)")


def messages():
    """{name: content with CRLF lines}; the mbox line on top is no part of the message."""
    found = {}
    with tarfile.open(archive()) as tar:
        for member in tar:
            if member.isfile() and "/" in member.name:
                content = tar.extractfile(member).read()
                if content.startswith(b"From "):
                    content = content.split(b"\n", 1)[1]
                content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                found[member.name] = content if content.endswith(b"\r\n") else content + b"\r\n"
    return found


def reason(content):
    """Why we expect a refusal, or None."""
    bare = content.replace(b"\r\n", b"")
    if b"\r" in bare or b"\n" in bare:
        return "bare CR"
    return "NUL" if b"\0" in content else None


class Sender(threading.Thread):
    """Sends its share over one session of port 25; remembers id or refusal by name."""

    def __init__(self, share):
        super().__init__()
        self.share, self.ids, self.refused, self.error = share, {}, {}, None

    def run(self):
        try:
            session = exchange()
            session.ehlo()
            for name, content in self.share:
                code, text = send(session, content, sender=STRANGER, options=["BODY=8BITMIME"])
                if code == 250:
                    self.ids[name] = text.split()[-1]
                else:
                    self.refused[name] = f"{code} {text}"
                    session.close()  # the errors of one session are limited
                    session = exchange()
                    session.ehlo()
        except Exception as error:  # told by the case
            self.error = error


def by_id(path_or_content):
    """The id in the Received field that mta put on top."""
    content = path_or_content.read_bytes() if isinstance(path_or_content, Path) else path_or_content
    found = re.search(rb"^Received:.*?\bid ([0-9a-z]{26})\b", content[:4000], re.DOTALL | re.MULTILINE)
    return (found[1].decode() if found else None), content


SENT = {}


@case("real messages go in by SMTP and stand in the Maildir octet for octet, once each")
def _():
    corpus = messages()
    items = list(corpus.items())
    began = time.monotonic()
    senders = [Sender(items[n::SESSIONS]) for n in range(SESSIONS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
        check(not sender.error, f"a session ended: {sender.error}")
    took = time.monotonic() - began
    ids = {name: id for sender in senders for name, id in sender.ids.items()}
    refused = {name: text for sender in senders for name, text in sender.refused.items()}

    until = time.monotonic() + 60
    while len(files(BOB)) < len(ids) and time.monotonic() < until:
        time.sleep(0.1)
    stored = [by_id(path) for path in files(BOB)]
    counted = collections.Counter(id for id, _content in stored)
    check(max(counted.values()) == 1, f"doubled: {[id for id, n in counted.items() if n > 1][:5]}")
    contents = dict(stored)
    lost = [name for name, id in ids.items() if id not in contents]
    check(not lost, f"{len(lost)} lost, such as {lost[:3]}")
    other = [name for name, id in ids.items() if not is_what_was_sent(contents[id], corpus[name])]
    check(not other, f"{len(other)} came out changed, such as {other[:5]}")
    wrong = {name: text for name, text in refused.items() if not reason(corpus[name]) or "5.6.11" not in text}
    check(not wrong, f"{len(wrong)} refused without reason, such as {list(wrong.items())[:3]}")
    taken = [name for name in ids if reason(corpus[name])]
    check(not taken, f"{len(taken)} taken that should be refused, such as {taken[:3]}")
    SENT.update({id: corpus[name] for name, id in ids.items()})
    reasons = collections.Counter(f"{text.split()[0]} {text.split()[1]} for {reason(corpus[name])}"
                                  for name, text in refused.items())
    return (f"{len(ids)} of {len(corpus)} in {took:.1f} s; refused {len(refused)}"
            + "".join(f", {n} with {why}" for why, n in reasons.items()))


@case("IMAP gives all of them octet for octet, with CRLF lines")
def _():
    if not SENT:
        raise Skip("no real mail was sent")
    with imaplib.IMAP4_SSL(HOST, port("IMAPS"), ssl_context=tls(), timeout=60) as imap:
        imap.login(BOB, env["FUTAR_PASSWORD2"])
        total, good = int(imap.select("INBOX", readonly=True)[1][0]), 0
        for low in range(1, total + 1, 200):
            for part in imap.fetch(f"{low}:{min(low + 199, total)}", "(BODY.PEEK[])")[1]:
                if isinstance(part, tuple):
                    id, content = by_id(part[1])
                    check(is_what_was_sent(content.replace(b"\r\n", b"\n"), SENT[id]), f"{id} came out changed")
                    good += 1
    check(good == len(SENT), f"{good} of {len(SENT)}")
    return f"{good} messages of {DOMAIN}"
