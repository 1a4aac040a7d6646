"""What a backup must tell: damage, what stands in its way, who may not."""
import asyncio
import hashlib
import os
import pwd
import shutil
import subprocess
import time

from letters import Post
from load import Door, Load
from world import SENDER, World

NO, USAGE, AGENT_DOWN, LATER, RIGHTS = 1, 64, 69, 75, 77


def run(arguments, folder, tally, skipped):
    os.makedirs(folder)
    os.chmod(folder, 0o755)
    world = World(arguments.bin, f"{folder}/world", remote='remote = "hold"')
    world.people(["u1", "u2"])
    try:
        world.start()
        post = Post("f", world.domain, ["u1", "u2"], 1, sizes=((0.5, 2000), (0.5, 150000)), most_recipients=2, far=["a@far.test"])
        asyncio.run(Load(post, [Door(world.mx_port, f"{SENDER}@{world.domain}")] * 2, most=30).run())
        tally.check(arrives(f"{world.mailboxes}/crash.test/u1/new"), "no mail arrives")
        copy = f"{folder}/copy"
        expect(world, tally, 0, "", "create", copy)
        expect(world, tally, 0, "ok: ", "check", copy)
        modes(copy, tally)
        expect(world, tally, USAGE, "which is to be saved", "create", f"{world.mailboxes}/copy")
        expect(world, tally, USAGE, "not an empty folder", "create", copy)
        expect(world, tally, NO, "runs: stop", "restore", copy)
        without_rights(world, folder, tally, skipped)
        full_disk(world, folder, tally, skipped)
        world.agents["mta"].stop()
        expect(world, tally, AGENT_DOWN, "mta", "create", f"{folder}/third")
        tally.check(not os.path.isdir(f"{folder}/third") or not os.listdir(f"{folder}/third"), "half a backup is left")
        world.stop()
        expect(world, tally, NO, "only where nothing is", "restore", copy)
        damages(world, copy, folder, tally)
    finally:
        for agent in world.agents.values():
            agent.end_now()


def arrives(folder, seconds=20):
    until = time.monotonic() + seconds
    while not os.listdir(folder) and time.monotonic() < until:
        time.sleep(0.05)
    return bool(os.listdir(folder))


def expect(world, tally, status, words, *command):
    done = world.futar("backup", *command, check=False)
    said = done.stdout + done.stderr
    tally.check(done.returncode == status and words in said, f"backup {command}: status {done.returncode}, not {status}: {said[:300]}")


def modes(copy, tally):
    wrong = [path for path, _, _ in os.walk(copy) if os.stat(path).st_mode & 0o777 != 0o700]
    wrong += [f"{path}/{name}" for path, _, names in os.walk(copy) for name in names
              if os.stat(f"{path}/{name}").st_mode & 0o777 != 0o600]
    tally.check(not wrong, f"others may read {wrong[:3]}")


def without_rights(world, folder, tally, skipped):
    if os.geteuid() != 0:
        skipped.append("backup by one who may not: only root can be somebody else")
        return
    nobody = pwd.getpwnam("nobody")
    with open(world.config) as config, open(f"{folder}/for_all.toml", "w") as out:
        out.write(config.read())
    os.chmod(f"{folder}/for_all.toml", 0o644)
    place = shutil.copy(f"{world.programs}/futar", f"{folder}/futar")
    done = subprocess.run([place, "--config", f"{folder}/for_all.toml", "backup", "create", f"{folder}/nobodys"],
                          user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], capture_output=True, text=True)
    tally.check(done.returncode == RIGHTS, f"nobody makes a backup: {done.returncode} {done.stdout}{done.stderr}")


def full_disk(world, folder, tally, skipped):
    small = f"{folder}/small"
    os.mkdir(small)
    script = f'mount -t tmpfs -o size=300k none "$1" || exit 99; "$2" --config "$3" backup create "$1/copy"; s=$?; ls "$1/copy"; exit $s'
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", small, f"{world.programs}/futar", world.config],
                          capture_output=True, text=True)
    if done.returncode == 99 or "unshare" in done.stderr:
        skipped.append("a backup on a full disk: no mounts of our own here")
        return
    tally.check(done.returncode == LATER and "space" in done.stderr and not done.stdout,
                f"a full disk: {done.returncode} {done.stdout}{done.stderr}")


def first_file(copy, folder):
    return next(os.path.join(path, name) for path, _, names in os.walk(f"{copy}/{folder}") for name in sorted(names))


def flip(path):
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        octet = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([octet[0] ^ 0xff]))


def cut(path):
    os.truncate(path, os.path.getsize(path) - 1)


def without_line(copy, word):
    """A manifest that is consistent in itself, but for one file."""
    lines = open(f"{copy}/manifest").read().splitlines(keepends=True)
    kept = "".join(line for line in lines[:-1] if word not in line)
    with open(f"{copy}/manifest", "w") as out:
        out.write(kept + f"end {hashlib.sha256(kept.encode()).hexdigest()}\n")


DAMAGES = {
    "an octet of a database": (lambda copy: flip(f"{copy}/mta/mta.db"), "mta/mta.db"),
    "a database cut off": (lambda copy: cut(f"{copy}/msa/msa.db"), "msa/msa.db"),
    "an octet of a body": (lambda copy: flip(first_file(copy, "mta/spool")), "mta/spool"),
    "a body missing": (lambda copy: os.unlink(first_file(copy, "mta/spool")), "is not there"),
    "a mail cut off": (lambda copy: cut(first_file(copy, "mail/crash.test/u1/new")), "octets, not"),
    "a file too much": (lambda copy: open(f"{copy}/mta/more", "w").close(), "not in the manifest"),
    "no manifest": (lambda copy: os.unlink(f"{copy}/manifest"), "no whole backup"),
    "a manifest cut off": (lambda copy: os.truncate(f"{copy}/manifest", os.path.getsize(f"{copy}/manifest") // 2), "manifest is damaged"),
    "a manifest changed": (lambda copy: flip(f"{copy}/manifest"), "manifest is damaged"),
    "a manifest without mda": (lambda copy: (without_line(copy, "mda/mda.db"), os.unlink(f"{copy}/mda/mda.db")), "mda.db is missing"),
}


def damages(world, copy, folder, tally):
    empty = World(world.programs, f"{folder}/empty")
    for number, (name, (damage, words)) in enumerate(DAMAGES.items()):
        broken = f"{folder}/broken-{number}"
        shutil.copytree(copy, broken)
        damage(broken)
        done = world.futar("backup", "check", broken, check=False)
        said = done.stdout + done.stderr
        tally.check(done.returncode == NO and words in said, f"{name}: check says {done.returncode} {said[:300]}")
        done = empty.futar("backup", "restore", broken, check=False)
        left = [f for path, _, names in os.walk(empty.disk) for f in names]
        tally.check(done.returncode == NO and not left, f"{name}: restore says {done.returncode} {done.stderr[:300]}, leaves {left[:3]}")
        shutil.rmtree(broken)
