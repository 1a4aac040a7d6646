"""A backup is root's: it holds what belongs to each of the users, and gives each their own back."""
import os
import subprocess

RIGHTS = 77
OWNERS = {"msa": "msa", "mta": "mta", "mda": "mda", "mail": "mda", "directory": "operator", "published": "operator", "tls": "operator"}


def as_root(house, config, *words):
    return subprocess.run([f"{house.programs}/futar", "--config", config, "--yes", "backup", *words], capture_output=True,
                          text=True, timeout=60, cwd="/", umask=0o077)


def files_below(folder):
    return [f"{path}/{name}" for path, _, names in os.walk(folder) for name in names]


def each_gets_their_own_back(house, tally):
    copy, again = f"{house.root}/copy", f"{house.root}/again"
    refused = house.futar("backup", "create", f"{house.root}/operators")
    tally.check(refused.returncode == RIGHTS, f"the operator makes a backup: {refused.returncode} {refused.stderr}")
    made = as_root(house, f"{house.root}/futar.toml", "create", copy)
    if not tally.check(made.returncode == 0, f"root makes none: {made.stderr}"):
        return
    os.mkdir(again, 0o755)
    with open(f"{house.root}/futar.toml") as now, open(f"{again}/futar.toml", "w") as out:
        out.write(now.read().replace(f"{house.root}/state", f"{again}/state").replace(f"{house.root}/mail", f"{again}/mail"))
    restored = as_root(house, f"{again}/futar.toml", "restore", copy)
    if not tally.check(restored.returncode == 0, f"root puts nothing back: {restored.stderr}"):
        return
    for part, owner in OWNERS.items():
        folder = f"{again}/mail" if part == "mail" else f"{again}/state/{part}"
        files = [folder, *files_below(folder)]
        wrong = [path for path in files if os.lstat(path).st_uid != house.users[owner].uid]
        tally.check(len(files) > 1 and not wrong, f"not {owner}'s after the restore: {wrong[:3]} of {len(files)}")
    open_to_others = [path for path in files_below(copy) if os.lstat(path).st_mode & 0o077]
    tally.check(not open_to_others and os.stat(copy).st_mode & 0o777 == 0o700, f"others may read {open_to_others[:3]}")
