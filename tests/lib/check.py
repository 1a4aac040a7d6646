#!/usr/bin/python3
"""Checks the helpers of the whole-system tests themselves: that they see what is lost, doubled, torn or misplaced."""
import asyncio
import collections
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from letters import Letter, Post, recognise  # noqa: E402
from load import Door, Load  # noqa: E402
from tally import Tally, compare, sightings_in, sightings_of_reader  # noqa: E402


class StandIn:
    """A mail server of a few lines that delivers to Maildirs, and can be told to misbehave."""

    def __init__(self, mailboxes, lose=0, double=0, tear=0, break_after=0):
        self.mailboxes, self.taken = mailboxes, 0
        self.lose, self.double, self.tear, self.break_after = lose, double, tear, break_after

    async def serve(self, reader, writer):
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            await self.talk(reader, writer)

    async def talk(self, reader, writer):
        writer.write(b"220 stand-in\r\n")
        recipients = []
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipients.append(line.decode().partition("<")[2].partition("@")[0])
            if verb != b"DATA":
                writer.write(b"250 ok\r\n")
                continue
            writer.write(b"354 go on\r\n")
            octets = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n.", b"\r\n")
            self.deliver(recipients, octets.replace(b"\r\n", b"\n"))
            recipients = []
            if self.taken == self.break_after:
                return
            writer.write(b"250 2.0.0 Ok: queued as x\r\n")

    def deliver(self, recipients, octets):
        self.taken += 1
        copies = 0 if self.taken == self.lose else 2 if self.taken == self.double else 1
        for user in recipients:
            for copy in range(copies):
                folder = f"{self.mailboxes}/crash.test/{user}"
                for part in ("new", "cur", "tmp"):
                    os.makedirs(f"{folder}/{part}", exist_ok=True)
                with open(f"{folder}/tmp/{self.taken}.{copy}", "wb") as out:
                    out.write(octets[:-10] if self.taken == self.tear else octets)
                os.rename(f"{folder}/tmp/{self.taken}.{copy}", f"{folder}/new/{self.taken}.{copy}")


class Helpers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="futar-check-")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_load(self, stand_in, letters=60, sizes=((1, 3000),)):
        async def run():
            server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0, limit=1 << 24)
            port = server.sockets[0].getsockname()[1]
            load = Load(Post("t", "crash.test", ["a", "b", "c"], 1, sizes), [Door(port, "sender@crash.test")] * 5,
                        most=letters)
            await load.run()
            server.close()
            await asyncio.sleep(0.01)  # the stand-in sees that its clients have gone
            return load
        return asyncio.run(run())

    def judged(self, stand_in, **options):
        load, tally = self.run_load(stand_in, **options), Tally()
        compare(load.letters, sightings_in(self.folder), tally)
        return tally

    def test_what_arrives_whole_and_once_passes(self):
        tally = self.judged(StandIn(self.folder), sizes=((1, 3000), (1, 200000)))
        self.assertEqual(tally.failures, [])
        self.assertGreater(tally.passed, 100)

    def test_a_lost_letter_is_seen(self):
        self.assertRegex(self.judged(StandIn(self.folder, lose=7)).failures[0], "^LOST t-")

    def test_a_doubled_letter_is_seen(self):
        self.assertRegex(self.judged(StandIn(self.folder, double=7)).failures[0], "^DOUBLED t-")

    def test_a_torn_letter_is_seen(self):
        self.assertRegex(self.judged(StandIn(self.folder, tear=7)).failures[0], "is not whole")

    def test_a_letter_without_a_reply_may_be_there_or_not(self):
        load = self.run_load(StandIn(self.folder, break_after=9))
        self.assertEqual(collections.Counter(letter.state for letter in load.letters)["unknown"], 1)
        self.assertEqual(load.breaks, 1)
        for sightings in (list(sightings_in(self.folder)), []):
            tally = Tally()
            compare([letter for letter in load.letters if letter.state == "unknown"],
                    [seen for seen in sightings if seen[1] in {x.name for x in load.letters if x.state == "unknown"}],
                    tally)
            self.assertEqual(tally.failures, [])

    def test_mail_that_nobody_sent_is_seen(self):
        tally = Tally()
        compare([], [("a", "", False, "new/1")], tally)
        self.assertEqual(len(tally.failures), 1)

    def test_a_letter_in_a_wrong_mailbox_is_seen(self):
        letter, tally = Letter("x", "s@crash.test", ["a@crash.test"], {"a"}, 100, random.Random(1)), Tally()
        letter.state = "acked"
        compare([letter], [("a", "x", True, "new/1"), ("b", "x", True, "new/2")], tally)
        self.assertEqual(len(tally.failures), 1)

    def test_a_letter_is_recognised_with_either_line_end_and_added_fields(self):
        letter = Letter("x", "s@crash.test", ["a@crash.test"], {"a"}, 5000, random.Random(1))
        found = b"Return-Path: <>\n" + letter.octets.replace(b"\r\n", b"\n")
        self.assertEqual([recognise(found), recognise(letter.octets), recognise(found[:-1])],
                         [("x", True), ("x", True), ("x", False)])

    def test_the_reader_sees_each_letter_once_and_empties_the_mailboxes(self):
        out = f"{self.folder}.out"
        self.addCleanup(os.remove, out)
        reader = subprocess.Popen([sys.executable, f"{HERE}/reader.py", self.folder, out])
        load = self.run_load(StandIn(self.folder))
        time.sleep(0.1)
        reader.send_signal(signal.SIGTERM)
        self.assertEqual(reader.wait(), 0)
        tally = Tally()
        compare(load.letters, sightings_of_reader(out), tally)
        self.assertEqual(tally.failures, [])
        self.assertEqual(list(sightings_in(self.folder)), [])


if __name__ == "__main__":
    unittest.main()
