"""A backup while mail flows: whatever the copies of the three agents both hold, or neither, each letter is there once."""
import collections
import json
import os
import re
import time

from background import BackgroundLoad
from letters import Post
from load import Door
from peer import DOMAIN as FAR
from peer import Peer
from tally import sightings_in
from world import PASSWORD, SENDER, World

USERS = [f"u{number:02}" for number in range(40)]
ALIASES = {"team": USERS[:3], "board": USERS[2:6]}
FAR_USERS = [f"slow@{FAR}", f"slow2@{FAR}", f"far@{FAR}"]
FAR_BOXES = {address.partition("@")[0] for address in FAR_USERS}
REASON = "restored from backup"


class Timed(BackgroundLoad):
    """Remembers when each letter got its 250."""

    def __init__(self, *words, **options):
        self.when = {}
        super().__init__(*words, acked=lambda letter: self.when.setdefault(letter.name, time.time()), **options)


def start_load(world, seed):
    sender = f"{SENDER}@{world.domain}"
    doors = [Door(world.mx_port, sender)] * 10 + [Door(world.submission_port, sender, PASSWORD)] * 12
    post = Post(f"b{seed}", world.domain, USERS, seed, aliases=ALIASES, far=FAR_USERS)
    return Timed(post, doors).start()


def run(arguments, folder, seed, tally):
    os.makedirs(folder)
    old_peer, new_peer = Peer(), Peer()
    old = World(arguments.bin, f"{folder}/old", remote=old_peer.config())
    old.people(USERS, ALIASES)
    try:
        old.start()
        load = start_load(old, seed)
        time.sleep(arguments.seconds)
        began = time.time()
        created = old.futar("backup", "create", f"{folder}/copy", check=False)
        took = time.time() - began
        time.sleep(0.5)
        load.stop()
        tally.check(load.join(), "the load does not end")
        tally.check(created.returncode == 0, f"create: {created.stderr or created.stdout}")
    finally:
        for agent in old.agents.values():
            agent.end_now()
    tally.notes["ms that the backups took under load"] += int(took * 1000)
    tally.notes["letters acked before a backup began"] += sum(when < began for when in load.when.values())
    leftovers = [name for agent in old.agents for name in os.listdir(f"{old.disk}/state/{agent}") if name == "backup"]
    tally.check(not leftovers, f"what was laid ready is still there: {leftovers}")
    checked = old.futar("backup", "check", f"{folder}/copy", check=False)
    tally.check(checked.returncode == 0, f"check: {checked.stdout}{checked.stderr}")
    new = World(arguments.bin, f"{folder}/new", remote=new_peer.config())
    try:
        put_back(new, new_peer, f"{folder}/copy", tally)
        count(old, old_peer, new, new_peer, load, began, tally)
    finally:
        for agent in new.agents.values():
            agent.end_now()
        old_peer.stop()
        new_peer.stop()


def put_back(new, peer, copy, tally):
    restored = new.futar("backup", "restore", copy, check=False)
    tally.check(restored.returncode == 0, f"restore: {restored.stderr or restored.stdout}")
    new.start()
    settled = new.wait_drained()
    held = json.loads(new.futar("queue", "list", "--json").stdout)["recipients"]
    tally.check(settled == 0, f"{settled} still wait after the start, where all is held or was delivered")
    tally.notes["messages in mailboxes that the ledger did not know"] += adopted(new)
    wrong = [one for one in held if one["state"] != "held" or not one["reason"].startswith(REASON)]
    tally.check(not wrong, f"not held as restored: {wrong[:3]}")
    tally.notes["recipients held after the restore"] += len(held)
    tally.check(not peer.copies, "mail left before it was released")
    audit(new, tally, "after the restore")
    new.futar("release", "--reason", REASON)
    left = new.wait_drained()
    tally.check(left == 0, f"{left} still wait after the release")
    audit(new, tally, "after the release")


def adopted(world):
    with open(world.agents["mda"].log) as log:
        return sum(int(count) for count in re.findall(r"(\d+) messages lie in mailboxes", log.read()))


def audit(world, tally, when):
    clean, said = world.audit()
    tally.check(clean, f"audit {when}: {said}")


def found_in(sightings, tally, where):
    seen = collections.Counter()
    for mailbox, name, whole, file in sightings:
        if not tally.check(whole, f"{name} is not whole in {where}: {mailbox} {file}"):
            continue
        seen[name, mailbox] += 1
    return seen


def at_peer(peer):
    return [copy for copies in peer.copies.values() for copy in copies]


def count(old, old_peer, new, new_peer, load, began, tally):
    here = found_in(sightings_in(new.mailboxes), tally, "the restored machine")
    sent = found_in(at_peer(new_peer), tally, "what the restored machine sent")
    sent_before = found_in(at_peer(old_peer), tally, "what the old machine sent")
    for letter in load.letters:
        before = load.when.get(letter.name, began) < began
        for mailbox in letter.mailboxes:
            far = mailbox in FAR_BOXES
            times = (sent if far else here)[letter.name, mailbox]
            tally.check(times < 2, f"DOUBLED {letter.name} in {mailbox}: {times} times on the restored machine")
            if before:
                there = times + (sent_before[letter.name, mailbox] if far else 0)
                tally.check(there > 0, f"LOST {letter.name}, acked before the backup, is not in {mailbox}")
            tally.notes["sent by both machines, the price of an old copy"] += int(
                far and times > 0 and sent_before[letter.name, mailbox] > 0)
    for surprise in new.surprises():
        tally.check(False, surprise)
