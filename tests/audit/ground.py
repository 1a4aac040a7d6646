"""A server with mail in each state that the faults need: delivered, waiting for another server, held, still in msa."""
import asyncio
import os
import random
import sqlite3
import time

from letters import Letter
from load import Door, Session
from world import PASSWORD, SENDER, World


SENT = [f"sent-{number}" for number in range(1, 10)]
WAIT = ["wait-1", "wait-2", "wait-3", "large-1"]
HELD = ["held-1", "held-2"]
SPOOLED = ["spooled-1", "spooled-2", "spooled-3"]
LARGE = 100_000


class Ground:
    def __init__(self, programs, folder):
        # Nobody listens at the smart host: what goes there waits.
        self.world = World(programs, folder, remote='remote = "direct"\nsmart_host = "smtp://127.0.0.1:1"', mta="")
        self.world.people(["bob"])
        self.places = {}

    def send(self, names, to, size=500):
        async def all_of_them():
            session = Session(Door(self.world.submission_port, f"{SENDER}@{self.world.domain}", PASSWORD))
            await session.open()
            for name in names:
                letter = Letter(name, f"{SENDER}@{self.world.domain}", to, {"bob"}, LARGE if "large" in name else size, random.Random(1))
                await session.send(letter)
                if letter.state != "acked":
                    raise RuntimeError(f"{name}: {letter.reply}")
                self.places[name] = letter.reply.split()[-1]
            session.close()
        asyncio.run(all_of_them())

    def run_mail(self, tally):
        self.world.start()
        self.send(SENT, [f"bob@{self.world.domain}"])
        self.send(WAIT + HELD, ["eve@far.test"])
        self.until(lambda: self.state_count(4) == len(SENT) and self.state_count(1) + self.state_count(2) == len(WAIT + HELD), tally)
        for name in HELD:
            self.world.futar("hold", self.places[name])
        self.until(lambda: self.state_count(3) == len(HELD), tally)

    def state_count(self, state):
        with sqlite3.connect(f"file:{self.database('mta')}?mode=ro", uri=True) as database:
            return database.execute("SELECT count(*) FROM recipient WHERE state = ?", (state,)).fetchone()[0]

    def until(self, done, tally, seconds=30):
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            time.sleep(0.05)
        tally.check(done(), "the mail does not come to where it must be")

    def database(self, agent):
        return f"{self.world.disk}/state/{agent}/{agent}.db"

    def place(self, agent, letter):
        """Where a letter is: its id, its key in the agent's database, its first recipient in mta's."""
        text = self.places[letter]
        blob = self.blob(text)
        at = {"id": blob, "text": text, "key": 0, "row": 0}
        if agent != "msa":
            at["row"] = self.one("mta", "SELECT r.id FROM recipient r JOIN message m ON m.key = r.message WHERE m.id = ?", blob)
        if agent != "mda":
            at["key"] = self.one(agent, "SELECT key FROM message WHERE id = ?", blob)
        at["row"] = at["row"] or self.places.get(letter + "/row", 0)
        self.places[letter + "/row"] = at["row"]
        return at

    def one(self, agent, question, *values):
        with sqlite3.connect(self.database(agent)) as database:
            row = database.execute(question, values).fetchone()
        return row[0] if row else 0

    @staticmethod
    def blob(text):
        """The 16 octets of an id in Crockford's base 32."""
        number = 0
        for letter in text:
            number = number << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(letter)
        return number.to_bytes(16, "big")

    def stop_with_mail_in_msa(self, tally):
        self.world.agents["mta"].stop()
        self.send(SPOOLED, [f"bob@{self.world.domain}"])
        self.world.stop()
        tally.check(self.one("msa", "SELECT count(*) FROM outgoing") == len(SPOOLED), "the letters are not in msa's spool")

    def start(self, tally):
        self.world.start()
        self.until(lambda: self.one_live("msa", "SELECT count(*) FROM outgoing") <= 1, tally)

    def one_live(self, agent, question):
        with sqlite3.connect(f"file:{self.database(agent)}?mode=ro", uri=True) as database:
            return database.execute(question).fetchone()[0]

    def spooled_arrives(self, tally):
        """What was no longer known to wait has been offered again; nothing comes twice."""
        want = {*SENT, *SPOOLED}
        self.until(lambda: set(self.in_mailbox()) >= want, tally)
        found = self.in_mailbox()
        tally.check(sorted(found) == sorted(want), f"in the mailbox: {sorted(found)}")

    def in_mailbox(self):
        folder = f"{self.world.mailboxes}/{self.world.domain}/bob/new"
        subjects = []
        for name in os.listdir(folder):
            with open(f"{folder}/{name}", errors="replace") as file:
                subjects += [line.split()[1] for line in file if line.startswith("Subject: ")][:1]
        return subjects

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for agent in self.world.agents.values():
            agent.end_now()
