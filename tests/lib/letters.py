"""Letters of the whole-system tests: each carries its id and the digest of its body, so that whoever finds one in a
mailbox can say which it is and whether it is whole."""
import hashlib
import random
import re
from email.utils import formatdate

MARK = "X-Futar-Test"


class Letter:
    """A message on its way in. `mailboxes` are the accounts where it has to arrive, once each, if it is accepted.

    state: unsent   its end was never sent, so it may be nowhere
           unknown  its end was sent, no reply came: nowhere or in each mailbox once
           acked    it got its 250
           refused  it got a reply of 4xx or 5xx
    """

    def __init__(self, name, sender, recipients, mailboxes, size, chance):
        self.name, self.sender, self.recipients, self.mailboxes = name, sender, recipients, set(mailboxes)
        self.state, self.reply = "unsent", ""
        body = "\n".join(lines(size, chance)) + "\n"
        self.octets = "\r\n".join([
            f"From: {sender}", f"To: {', '.join(recipients)}", f"Subject: {name}", f"Date: {formatdate()}",
            f"Message-ID: <{name}@{sender.partition('@')[2]}>", f"{MARK}: {name} {digest(body.encode())}",
            "", body.replace("\n", "\r\n")]).encode()


def lines(size, chance):
    """Text of about `size` octets in lines; some begin with a dot."""
    letters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789.,"
    stock = ["".join(chance.choices(letters, k=70)) for _ in range(min(20, 1 + size // 70))]
    written = 0
    while written < size:
        line = chance.choice((".", "..", "")) if chance.random() < 0.05 else chance.choice(stock)
        line = (line + f" {written}")[:max(1, size - written)]
        written += len(line) + 1
        yield line


def digest(body):
    return hashlib.sha256(body).hexdigest()[:32]


def recognise(octets):
    """(name, whole) of what was found in a mailbox, line ends LF or CRLF; name "" for mail that is not of a test."""
    header, _, body = octets.replace(b"\r\n", b"\n").partition(b"\n\n")
    mark = re.search(rb"^" + MARK.encode() + rb": (\S+) ([0-9a-f]{32})$", header, re.MULTILINE)
    return (mark[1].decode(), digest(body) == mark[2].decode()) if mark else ("", False)


class Post:
    """Writes letters with running names to random mailboxes. aliases: address -> list of mailboxes behind it. `far`: addresses
    at other servers, to one of which some letters go as well; their local parts are the mailboxes."""

    def __init__(self, prefix, domain, users, seed, sizes=((0.8, 2000), (0.17, 20000), (0.03, 150000)), aliases=None,
                 most_recipients=3, far=()):
        self.prefix, self.domain, self.users, self.sizes = prefix, domain, users, sizes
        self.counts = [1, 1, *range(1, most_recipients + 1)]
        self.aliases, self.far, self.chance, self.written = aliases or {}, far, random.Random(seed), 0

    def write(self, sender):
        self.written += 1
        users = self.chance.sample(self.users, self.chance.choice(self.counts))
        recipients, mailboxes = [f"{user}@{self.domain}" for user in users], set(users)
        if self.aliases and self.chance.random() < 0.1:
            alias = self.chance.choice(sorted(self.aliases))
            recipients.append(f"{alias}@{self.domain}")
            mailboxes |= set(self.aliases[alias])
        if self.far and self.chance.random() < 0.3:
            recipients.append(self.chance.choice(self.far))
            mailboxes.add(recipients[-1].partition("@")[0])
        most = self.chance.choices([size for _, size in self.sizes], [share for share, _ in self.sizes])[0]
        size = self.chance.randrange(most // 10, most)
        return Letter(f"{self.prefix}-{self.written:06}", sender, recipients, mailboxes, size, self.chance)
