"""The ground of the crash tests: a world with 100 mailboxes, a reader that empties them, loads against both doors."""
import os

from background import BackgroundLoad, BackgroundReader
from letters import Post
from load import Door
from tally import compare, sightings_of_reader
from world import PASSWORD, SENDER, World

USERS = [f"u{number:02}" for number in range(100)]
ALIASES = {"team": USERS[:3], "board": USERS[2:6]}


class Town:
    def __init__(self, programs, folder):
        self.world = World(programs, folder)
        self.world.people(USERS, ALIASES)
        self.agents, self.letters, self.loads, self.breaks = self.world.agents, [], 0, 0
        self.reader = None

    def open(self, **of_agent):
        """Starts the agents (with variables of the environment for single ones) and the reader."""
        self.world.start(**of_agent)
        self.reader = BackgroundReader(self.world)

    def load(self, seed, mx=12, submission=8, most=None):
        """A running load of so many sessions at each door."""
        self.loads += 1
        sender = f"{SENDER}@{self.world.domain}"
        doors = [Door(self.world.mx_port, sender)] * mx
        doors += [Door(self.world.submission_port, sender, PASSWORD)] * submission
        post = Post(f"c{self.loads}", self.world.domain, USERS, seed, aliases=ALIASES)
        return BackgroundLoad(post, doors, most=most).start()

    def finish(self, load, tally, words="", seconds=60):
        """Waits for a load's sessions and for the queue, then for the audit; its letters count from now on."""
        tally.check(load.join(), f"{words}the load does not end: {load.refusals}")
        self.letters += load.letters
        self.breaks += load.breaks
        for reply, count in load.refusals.items():
            tally.notes[f'times "{reply or "no reply, connection broken"}"'] += count
        left = self.world.wait_drained(seconds)
        tally.check(left == 0, f"{words}{left} still wait, no less for {seconds} s")
        clean, said = self.world.audit()
        tally.check(clean, f"{words}audit: {said}")

    def count(self, tally, words=""):
        """The last look of the reader, then the comparison of all letters with all that was seen."""
        tally.check(self.reader.stop(), f"{words}the reader failed")
        compare(self.letters, sightings_of_reader(self.reader.out), tally, words)
        self.reader = None
        for surprise in self.world.surprises():
            tally.check(False, words + surprise)
        left = self.leftovers()
        tally.check(not left, f"{words}files are left behind: {left[:5]}")

    def leftovers(self):
        """Files that nothing should need any more: staged, spooled, half written."""
        return [f"{path}/{name}" for path, _, names in os.walk(self.world.disk) for name in names
                if path.endswith(("/.staging", "/spool", "/tmp", "/new"))]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.reader:
            self.reader.process.kill()
            self.reader.process.wait()
        for agent in self.agents.values():
            agent.end_now()
