"""Compares what was sent with what the mailboxes hold, and counts."""
import collections
import os

from letters import recognise


class Tally:
    """The figures of a run. Each check passes or fails; a failed one says why."""

    def __init__(self):
        self.passed, self.failures, self.notes = 0, [], collections.Counter()

    def check(self, good, why):
        if good:
            self.passed += 1
        else:
            self.failures.append(why)
        return good

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.notes += other.notes

    def line(self):
        return f"{self.passed} passed, {len(self.failures)} failed"

    def report(self, most=20):
        for failure in self.failures[:most]:
            print("FAIL", failure)
        if len(self.failures) > most:
            print(f"... and {len(self.failures) - most} more")
        for note, count in sorted(self.notes.items()):
            print(f"{count:7} {note}")
        print(self.line(), flush=True)


def sightings_of_reader(path):
    """[(mailbox, name, whole, file)] from the output of reader.py."""
    with open(path) as lines:
        for line in lines:
            mailbox, name, whole, file = line.split(" ", 3)
            yield mailbox, "" if name == "-" else name, whole == "whole", file.strip()


def sightings_in(mailboxes):
    """The same from the mailboxes as they are."""
    for domain in os.scandir(mailboxes):
        if not domain.is_dir() or domain.name.startswith("."):
            continue
        for user in os.scandir(domain.path):
            for part in ("new", "cur"):
                folder = f"{user.path}/{part}"
                for name in os.listdir(folder) if os.path.isdir(folder) else ():
                    with open(f"{folder}/{name}", "rb") as file:
                        yield user.name, *recognise(file.read()), f"{part}/{name}"


def compare(letters, sightings, tally, words="", may_double=frozenset()):
    """`may_double`: (letter, mailbox) at another server whose dot was taken before its outcome was on disk. Each acked letter once in each of its mailboxes and whole; each other one at most once and whole, or nowhere."""
    seen = collections.defaultdict(list)
    known = {letter.name: letter for letter in letters}
    for mailbox, name, whole, file in sightings:
        if name not in known:
            tally.check(False, f"{words}{mailbox} holds {file}, which nobody sent (letter {name or 'without a mark'})")
        else:
            tally.check(whole, f"{words}{name} is not whole in {mailbox}: {file}")
            seen[name, mailbox].append(file)
    for letter in letters:
        for mailbox in letter.mailboxes:
            judge(letter, mailbox, seen.pop((letter.name, mailbox), []), tally, words, (letter.name, mailbox) in may_double)
    for name, mailbox in seen:
        tally.check(False, f"{words}{name} is in {mailbox}, where it does not belong")


def judge(letter, mailbox, files, tally, words, may_double):
    count = len(files)
    if may_double and count > 1:
        tally.notes["relayed again: the other server had taken the dot and the outcome was not on disk"] += count - 1
        count = 1
    if letter.state == "acked":
        tally.check(count > 0, f"{words}LOST {letter.name}: \"{letter.reply}\", not in {mailbox}")
        tally.check(count < 2, f"{words}DOUBLED {letter.name} in {mailbox}: {' '.join(files)}")
        tally.notes["letters acked, times mailboxes"] += 1
    elif letter.state == "unknown":
        tally.check(count < 2, f"{words}DOUBLED {letter.name} (no reply read) in {mailbox}: {' '.join(files)}")
        tally.notes[f"letters without a reply, times mailboxes: {'delivered' if count else 'absent'}"] += 1
    elif letter.state == "unsent":
        tally.check(count == 0, f"{words}{letter.name} is in {mailbox}, its end was never sent")
    elif count:
        tally.notes["letters refused and yet delivered (the sender doubles them)"] += count
