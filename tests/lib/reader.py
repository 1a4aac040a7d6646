#!/usr/bin/python3
"""The user of all mailboxes: sees each new letter at once, writes down what it saw, then moves it to cur and expunges
it, or expunges it right away. Usage: reader.py MAILBOXES OUT; SIGTERM ends it after a last look.

One line of OUT for each letter seen: MAILBOX NAME whole|half FILE."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from letters import recognise  # noqa: E402


class Reader:
    def __init__(self, top, out):
        self.top, self.out, self.seen, self.in_cur = top, out, 0, []

    def look(self):
        """Goes once through all mailboxes; true when there was something new."""
        before = self.seen
        self.expunge()
        for domain in os.scandir(self.top):
            if domain.is_dir() and not domain.name.startswith("."):
                for user in os.scandir(domain.path):
                    self.look_into(user.name, user.path)
        self.out.flush()
        return self.seen > before

    def look_into(self, user, path):
        try:
            names = os.listdir(path + "/new")
        except FileNotFoundError:
            return
        for name in names:
            with open(f"{path}/new/{name}", "rb") as file:
                letter, whole = recognise(file.read())
            self.out.write(f"{user} {letter or '-'} {'whole' if whole else 'half'} {name}\n")
            self.seen += 1
            if self.seen % 3 == 0:
                os.unlink(f"{path}/new/{name}")
            else:
                os.rename(f"{path}/new/{name}", f"{path}/cur/{name}:2,S")
                self.in_cur.append(f"{path}/cur/{name}:2,S")

    def expunge(self):
        for path in self.in_cur:
            os.unlink(path)
        self.in_cur = []


def main():
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    with open(sys.argv[2], "a") as out:
        reader = Reader(sys.argv[1], out)
        while not ended:
            if not reader.look():
                time.sleep(0.01)
        reader.look()
        reader.expunge()


if __name__ == "__main__":
    main()
