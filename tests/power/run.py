#!/usr/bin/python3
"""Power cuts: records what three agents under load do to the disk, then starts them on what a cut at any moment would
have left, and counts. Every message that got its 250 before the cut has to be in its mailboxes once and whole, no other
one half; the audit has to be clean. The control runs the same with fsync turned into nothing and has to report losses.

  run.py [--cuts N] [--bin DIR] [--letters N] [--seed N] [--jobs N] [--keep DIR]
  run.py --again DIR --at CUT[:SEED]     one cut again, of a recording that --keep left

Prints details of failures and, last, "N passed, N failed"."""
import argparse
import concurrent.futures
import copy
import json
import os
import queue
import random
import shutil
import signal
import sys
import tempfile
import time
from types import SimpleNamespace

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from background import BackgroundLoad  # noqa: E402
from disk import Disk, note, read_log  # noqa: E402
from letters import Post  # noqa: E402
from load import Door  # noqa: E402
from tally import Tally, compare, sightings_in  # noqa: E402
from world import AGENTS, PASSWORD, SENDER, World  # noqa: E402

USERS = [f"u{number}" for number in range(8)]
ALIASES = {"team": USERS[:3]}


class Recording:
    """Folder with base/ (the disk before), log, letters.json; made once, cut many times."""

    def __init__(self, folder):
        self.folder, self.base, self.log = folder, f"{folder}/base", f"{folder}/log"
        self.root = f"{folder}/world/disk"

    def make(self, programs, letters, seed, no_sync):
        world = World(programs, f"{self.folder}/world")
        world.people(USERS, ALIASES)
        shutil.copytree(world.disk, self.base)
        variables = {"FUTAR_RECORD": self.log} | ({"FUTAR_NOSYNC": "1"} if no_sync else {})
        world.start(variables)
        log_fd = os.open(self.log, os.O_WRONLY | os.O_APPEND)
        sender = f"{SENDER}@{world.domain}"
        doors = [Door(world.mx_port, sender)] * 4 + [Door(world.submission_port, sender, PASSWORD)] * 4
        load = BackgroundLoad(Post("p", world.domain, USERS, seed, aliases=ALIASES), doors, most=letters,
                              acked=lambda letter: note(log_fd, letter.name)).start()
        self.disturb(world, load, letters)
        if not load.join():
            raise RuntimeError(f"the load does not end: {load.refusals}")
        left = world.wait_drained()
        world.stop()
        if left or world.surprises():
            raise RuntimeError(f"the recorded run itself failed: {left} waiting, {world.surprises()}")
        with open(f"{self.folder}/letters.json", "w") as out:
            json.dump([[letter.name, sorted(letter.mailboxes), letter.reply] for letter in load.letters], out)

    @staticmethod
    def disturb(world, load, letters):
        """One kill of each agent on the way, so that cuts in the middle of a recovery are among them."""
        for number, agent in enumerate(AGENTS, 1):
            while len(load.letters) < letters * number // 5 and load.thread.is_alive():
                time.sleep(0.005)
            world.agents[agent].restart(signal.SIGKILL, {})

    def load(self):
        self.records = list(read_log(self.log))
        with open(f"{self.folder}/letters.json") as file:
            self.letters = [SimpleNamespace(name=name, mailboxes=set(mailboxes), reply=reply, state="unknown")
                            for name, mailboxes, reply in json.load(file)]
        return self

    def choose(self, cuts, seed):
        """[(record, seed of a variant or None)], in order: around each kind of moment that matters, and anywhere."""
        chance = random.Random(seed)
        moments = [at + after for at, record in enumerate(self.records) if record.kind in "fARP" for after in (0, 1)]
        anywhere = range(len(self.records) + 1)
        chosen = [chance.choice(moments) for _ in range(cuts * 2 // 3)]
        chosen += [chance.choice(anywhere) for _ in range(cuts - len(chosen))]
        return sorted(((at, None if chance.random() < 0.5 else chance.randrange(1 << 30)) for at in chosen),
                      key=lambda cut: cut[0])

    def letters_at(self, cut):
        """The letters as they stood: acked is whose 250 had been read."""
        acked = {record.data.decode() for record in self.records[:cut] if record.kind == "A"}
        found = copy.deepcopy(self.letters)
        for letter in found:
            letter.state = "acked" if letter.name in acked else "unknown"
        return found


def check_cut(world, letters, words):
    """Starts the agents of `world` on its disk, waits until all is delivered, compares; returns a Tally."""
    tally = Tally()
    try:
        world.start()
        left = world.wait_drained()
        tally.check(left == 0, f"{words}{left} still wait after 60 s")
        clean, said = world.audit()
        tally.check(clean, f"{words}audit: {said}")
    except RuntimeError as error:
        tally.check(False, f"{words}{error}")
    tally.failures += [words + surprise for surprise in world.surprises()]
    for agent in world.agents.values():
        agent.end_now()
    compare(letters, sightings_in(world.mailboxes), tally, words)
    return tally


class Cutter:
    """Goes once through a recording and checks it at each cut, some at a time."""

    def __init__(self, recording, programs, jobs, folder):
        self.recording, self.programs, self.jobs, self.folder = recording, programs, jobs, folder
        self.free, self.kept = queue.Queue(), 0
        for _ in range(jobs):
            self.free.put(None)

    def run(self, cuts):
        tally, disk, at = Tally(), Disk(self.recording.root, self.recording.base), 0
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            running = []
            for number, (cut, seed) in enumerate(cuts):
                self.free.get()
                for record in self.recording.records[at:cut]:
                    disk.feed(record)
                at = cut
                root = f"{self.folder}/cut-{number}"
                os.mkdir(root)
                disk.write(f"{root}/disk", None if seed is None else random.Random(seed))
                running.append(pool.submit(self.check, root, cut, seed))
            for done in running:
                tally.add(done.result())
        return tally

    def check(self, root, cut, seed):
        words = f"cut {cut}{'' if seed is None else f':{seed}'}: "
        try:
            world = World(self.programs, root)
            tally = check_cut(world, self.recording.letters_at(cut), words)
            if not tally.failures or self.kept >= 3:
                shutil.rmtree(root)
            else:
                self.kept += 1
            return tally
        finally:
            self.free.put(None)


def roomy_folder():
    """Memory if there is enough of it, since a cut writes much and syncs nothing that counts."""
    if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > 1 << 30:
        return "/dev/shm"
    return tempfile.gettempdir()


def run(arguments, folder):
    began, total = time.monotonic(), Tally()
    for name, no_sync, cuts in (("recording", False, arguments.cuts), ("control", True, 12)):
        recording = Recording(f"{folder}/{name}")
        os.mkdir(recording.folder)
        recording.make(arguments.bin, arguments.letters, arguments.seed, no_sync)
        recording.load()
        tally = Cutter(recording, arguments.bin, arguments.jobs, recording.folder).run(
            recording.choose(cuts, arguments.seed))
        if no_sync:
            lost = sum("LOST" in failure for failure in tally.failures)
            print(f"control without fsync: {lost} losses reported, as it has to be" if lost else
                  "the control reports no loss: the test would not see one", flush=True)
            total.check(lost > 0, "the control, without fsync, reports no loss")
        else:
            print(f"{len(recording.records)} records, {cuts} cuts, {len(recording.letters)} letters, "
                  f"{time.monotonic() - began:.0f} s", flush=True)
            total.add(tally)
    return total


def again(arguments):
    recording = Recording(f"{arguments.again}/recording").load()
    at, _, seed = arguments.at.partition(":")
    folder = tempfile.mkdtemp(prefix="futar-cut-", dir=roomy_folder())
    print("kept in", folder)
    cutter = Cutter(recording, arguments.bin, 1, folder)
    return cutter.run([(int(at), int(seed) if seed else None)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--letters", type=int, default=120)
    parser.add_argument("--bin", default=os.path.join(HERE, "..", "..", "build", "dev", "bin"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="leave the recording there")
    parser.add_argument("--again", help="a folder that --keep left")
    parser.add_argument("--at", help="CUT or CUT:SEED")
    arguments = parser.parse_args()
    if arguments.again:
        tally = again(arguments)
    else:
        folder = tempfile.mkdtemp(prefix="futar-power-", dir=roomy_folder())
        try:
            tally = run(arguments, folder)
            if arguments.keep:
                shutil.copytree(folder, arguments.keep)
        finally:
            shutil.rmtree(folder)
    tally.report()
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
