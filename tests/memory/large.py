"""Large messages in many sessions at once: all are under way before the first ends, and all arrive whole."""
import asyncio
import base64
import hashlib
import os
import time

import load
from house import MIB, disk_for, house, in_mib, memory
from letters import MARK, recognise
from load import Door, Session
from tally import Tally, compare
from world import PASSWORD, SENDER

LIMIT = 200 * MIB  # of each agent, at its peak
MAILBOXES = [f"user{number}" for number in range(10)]
PIECE = 256 * 1024
ROTATIONS = 10


class Block:
    """The lines that all bodies are made of; a body is the block turned by some lines, so that none equals its neighbour
    and none is held twice."""

    def __init__(self, size):
        stored = base64.encodebytes(os.urandom(size // 78 * 57))  # 76 letters a line, 78 octets with CR LF
        sent = stored.replace(b"\n", b"\r\n")
        self.sent, self.size = memoryview(sent), len(sent)
        self.step = len(sent) // 78 // ROTATIONS
        self.digests = [self._digest(memoryview(stored), 77 * self.step * turn) for turn in range(ROTATIONS)]

    @staticmethod
    def _digest(stored, start):
        digest = hashlib.sha256(stored[start:])
        digest.update(stored[:start])
        return digest.hexdigest()[:32]

    def pieces(self, turn):
        start = 78 * self.step * turn
        for part in (self.sent[start:], self.sent[:start]):
            for at in range(0, len(part), PIECE):
                yield part[at:at + PIECE]


class LargeLetter:
    def __init__(self, number, block, sender, domain):
        self.name, self.sender, mailbox = f"large-{number:03}", sender, MAILBOXES[number % len(MAILBOXES)]
        self.recipient, self.mailboxes = f"{mailbox}@{domain}", {mailbox}
        self.turn, self.state, self.reply = number % ROTATIONS, "unsent", ""
        self.header = (f"From: {sender}\r\nSubject: {self.name}\r\n{MARK}: {self.name} {block.digests[self.turn]}"
                       "\r\n\r\n").encode()


async def send(door, letter, block, all_sent):
    session = Session(door)
    try:
        await session.open()
        await session.say(f"MAIL FROM:<{letter.sender}> SIZE={len(letter.header) + block.size}", "250")
        await session.say(f"RCPT TO:<{letter.recipient}>", "250")
        await session.say("DATA", "354")
        session.writer.write(letter.header)
        for piece in block.pieces(letter.turn):
            session.writer.write(piece)
            await session.writer.drain()
        await all_sent.wait()
        letter.state = "unknown"
        letter.reply = await session.say(".", "250")
        letter.state = "acked"
    finally:
        session.close()


async def send_all(door, letters, block):
    all_sent = asyncio.Barrier(len(letters))
    async with asyncio.TaskGroup() as group:
        for letter in letters:
            group.create_task(send(door, letter, block, all_sent))


def sightings(mailboxes, tally):
    """What arrived, as tally.compare wants it. Files go as soon as they are seen."""
    for folder, _, names in os.walk(mailboxes):
        for name in names if folder.endswith("/new") else ():
            with open(f"{folder}/{name}", "rb") as file:
                found = recognise(file.read())
            os.unlink(f"{folder}/{name}")
            yield folder.split("/")[-2], *found, name


def run(arguments):
    tally = Tally()
    load.REPLY_TIME = 600  # all bodies are synced at once, on whatever disk this is
    size = arguments.megabytes * MIB - 4096  # with the header below mta.max_size
    if not disk_for(3.2 * arguments.sessions * size, tally, "the part \"large\""):
        return tally
    block = Block(size)
    for agents, via in ((("msa", "mta", "mda"), "submission with login and TLS"), (("mta", "mda"), "port 25, plain")):
        with house(arguments.bin, tally, MAILBOXES) as world:
            measure(world, agents, via, block, arguments, tally)
    return tally


def measure(world, agents, via, block, arguments, tally):
    idle = {agent: memory(world, agent) for agent in agents}
    sender = f"{SENDER}@{world.domain}"
    door = Door(world.submission_port, sender, PASSWORD) if "msa" in agents else Door(world.mx_port, sender)
    letters = [LargeLetter(number, block, sender, world.domain) for number in range(arguments.sessions)]
    began = time.monotonic()
    asyncio.run(send_all(door, letters, block))
    taken = time.monotonic() - began
    left = world.wait_drained(600)
    tally.check(left == 0, f"{via}: {left} still wait")
    print(f"{len(letters)} sessions at once, {block.size / MIB:.1f} MiB each, by {via}: taken in {taken:.0f} s, "
          f"delivered in {time.monotonic() - began:.0f} s", flush=True)
    for agent in agents:
        peak, now = memory(world, agent, "VmHWM"), memory(world, agent)
        print(f"  {agent} idle {in_mib(idle[agent])}, peak {in_mib(peak)} (below {LIMIT // MIB}), now {in_mib(now)}",
              flush=True)
        tally.check(not arguments.judge or peak < LIMIT, f"{via}: {agent} had {in_mib(peak)}")
    compare(letters, sightings(world.mailboxes, tally), tally, f"{via}: ")
