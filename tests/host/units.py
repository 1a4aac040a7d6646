"""What systemd says of the units, users and folders, without being PID 1."""
import os
import re
import shutil
import subprocess

from world import AGENTS

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNITS = f"{TOP}/deploy/systemd"
MOST_EXPOSED = 1.5
# folder, owner, group, mode: as common/config/paths.h tells an installer, and who reads what in tests/users.
FOLDERS = """
/run/futar root root 0755
/run/futar/msa futar-msa futar 2750
/run/futar/mta futar-mta futar 2750
/run/futar/mda futar-mda futar 2750
/run/futar/public futar-msa futar-msa 0755
/run/futar/submission futar-mta futar-submission 2750
/run/futar/delivery futar-mta futar-delivery 2750
/var/lib/futar root root 0755
/var/lib/futar/msa futar-msa futar-msa 0700
/var/lib/futar/mta futar-mta futar-mta 0700
/var/lib/futar/mda futar-mda futar-mda 0700
/var/lib/futar/directory root root 0700
/var/lib/futar/published root root 0755
/var/lib/futar/tls root futar-tls 2755
/var/mail/futar futar-mda futar-mda 0755
"""


def ran(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def verify(programs, root, tally):
    """The units as they are, but for the folder of the programs."""
    folder = f"{root}/units"
    os.mkdir(folder)
    for name in sorted(os.listdir(UNITS)):
        if name.endswith((".service", ".socket", ".target")):
            with open(f"{UNITS}/{name}") as unit, open(f"{folder}/{name}", "w") as out:
                out.write(unit.read().replace("/usr/sbin/futar-", f"{programs}/futar-"))
    done = ran("systemd-analyze", "verify", "--man=no", *(f"{folder}/{name}" for name in os.listdir(folder)))
    ours = [line for line in done.stderr.splitlines() if "futar" in line]
    tally.check(done.returncode == 0 and not ours, f"systemd-analyze verify: {done.returncode} {done.stderr}")
    for agent in AGENTS:
        told = ran("systemd-analyze", "security", "--offline=true", f"{folder}/futar-{agent}.service").stdout
        exposed = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
        if tally.check(exposed, f"systemd-analyze security does not judge {agent}: {told}"):
            tally.check(float(exposed[1]) <= MOST_EXPOSED, f"{agent} is exposed {exposed[1]}, more than {MOST_EXPOSED}\n{told}")
            print(f"        exposure of futar-{agent}: {exposed[1]}")


def people_and_folders(root, tally):
    if os.geteuid() != 0:
        print("SKIPPED users and folders: only root can make them")
        return
    ground = f"{root}/ground"
    os.makedirs(f"{ground}/etc")
    for name, line in (("passwd", "root:x:0:0::/root:/bin/sh\n"), ("group", "root:x:0:\n")):
        with open(f"{ground}/etc/{name}", "w") as out:
            out.write(line)
    for words in (("systemd-sysusers", f"--root={ground}", f"{UNITS}/futar.sysusers"),
                  ("systemd-tmpfiles", f"--root={ground}", "--create", f"{UNITS}/futar.tmpfiles")):
        done = ran(*words)
        tally.check(done.returncode == 0, f"{words[0]}: {done.stderr}")
    ids = {}
    for name in ("passwd", "group"):
        with open(f"{ground}/etc/{name}") as file:
            ids[name] = {line.split(":")[0]: int(line.split(":")[2]) for line in file}
    for path, owner, group, mode in (line.split() for line in FOLDERS.split("\n") if line):
        status = os.stat(f"{ground}{path}")
        found = (status.st_uid, status.st_gid, f"{status.st_mode & 0o7777:04o}")
        tally.check(found == (ids["passwd"].get(owner), ids["group"].get(group), mode), f"{path}: {found}, not {owner} {group} {mode}")


def accepted_by_systemd(programs, root, tally):
    if not shutil.which("systemd-analyze"):
        print("SKIPPED units: no systemd-analyze here")
        return
    verify(programs, root, tally)
    people_and_folders(root, tally)
