"""Who may open what: the table, held against every file, socket and folder that lies there, for each user."""
import fnmatch
import json
import os
import socket
import stat
import tempfile

from work import hold_large_messages

ALL = "msa mta mda operator dovecot stranger"
# path, who reads (or connects, for a socket), who writes: first match.
FILES = [
    ("state/msa/*", "msa", "msa"),
    ("state/mta/*", "mta", "mta"),
    ("state/mda/*", "mda", "mda"),
    ("state/directory/*", "operator", "operator"),
    ("state/published/addresses.db", ALL, "operator"),
    ("state/published/credentials.db", "operator msa", "operator"),
    ("state/published/dovecot.passwd", "operator dovecot", "operator"),
    ("state/tls/self_signed.crt", ALL, "operator"),
    ("state/tls/self_signed.key", "operator msa mta", "operator"),
    ("mail/*/dovecot-uidvalidity.*", "mda", ""),  # an empty mark, read-only for its maker too
    ("mail/*", "mda", "mda"),
    ("run/msa/control.msa", "operator msa", ""),
    ("run/mta/control.mta", "operator mta", ""),
    ("run/mda/control.mda", "operator mda", ""),
    ("run/submission/link", "mta msa", ""),
    ("run/delivery/link", "mta mda", ""),
    ("run/public/submit", ALL, ""),
    ("futar.toml", ALL, ""),
]
# folder, who may put a file (or a socket in another's place) into it.
FOLDERS = [
    ("state/msa*", "msa"), ("state/mta*", "mta"), ("state/mda*", "mda"),
    ("state/directory", "operator"), ("state/published", "operator"), ("state/tls", "operator"),
    ("mail*", "mda"),
    ("run/msa", "msa"), ("run/public", "msa"), ("run/mda", "mda"),
    ("run/mta", "mta"), ("run/submission", "mta"), ("run/delivery", "mta"),
    ("state", ""), ("run", ""), (".", ""),
]
# What a house must hold for the sweep to mean anything.
EXPECTED = ["state/msa/msa.db", "state/msa/spool/*", "state/mta/mta.db", "state/mta/spool/*", "state/mda/mda.db",
            "state/directory/directory.db", "mail/*/bob/*", *(path for path, _, _ in FILES if "*" not in path)]
OURS = ("state", "mail", "run", "futar.toml")
OTHERS = ("run/dovecot*",)


def found(root):
    """(folders, files) below root, relative; those of Dovecot's own are its business."""
    folders, files = ["."], []
    for top in OURS:
        for path, below, names in os.walk(f"{root}/{top}"):
            folders.append(os.path.relpath(path, root))
            files += [os.path.relpath(f"{path}/{name}", root) for name in names]
    files += [name for name in OURS if os.path.isfile(f"{root}/{name}")]
    return [[path for path in paths if not any(fnmatch.fnmatch(path, other) for other in OTHERS)] for paths in (folders, files)]


def attempt(deed, path):
    """"" when it works, else why not."""
    try:
        deed(path)
        return ""
    except OSError as error:
        return os.strerror(error.errno)


def read(path):
    if stat.S_ISSOCK(SOCKETS.get(path, 0)):
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(path)
    else:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))


def write(path):
    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def put(folder):
    descriptor, path = tempfile.mkstemp(dir=folder)
    os.close(descriptor)
    os.unlink(path)


SOCKETS = {}


def as_user(user, wishes):
    """Tries each (deed, path) in a child that has become the user; a list of outcomes."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        user.become()
        with open(writer, "w") as out:
            json.dump([attempt(deed, path) for deed, path in wishes], out)
        os._exit(0)
    os.close(writer)
    with open(reader) as told:
        outcomes = json.load(told)
    os.waitpid(child, 0)
    return outcomes


def rule(table, path):
    return next((row for row in table if fnmatch.fnmatch(path, row[0])), None)


def nobody_opens_what_is_not_theirs(house, tally):
    hold_large_messages(house)
    folders, files = found(house.root)
    for pattern in EXPECTED:
        tally.check(fnmatch.filter(files, pattern), f"nothing is there like {pattern}")
    SOCKETS.update({f"{house.root}/{path}": os.lstat(f"{house.root}/{path}").st_mode for path in files})
    wanted = []  # deed, path, who may
    for path in files:
        row = rule(FILES, path)
        if tally.check(row, f"no rule for the file {path}"):
            wanted.append((read, path, row[1].split()))
            if not stat.S_ISSOCK(SOCKETS[f"{house.root}/{path}"]):
                wanted.append((write, path, row[2].split()))
    for path in folders:
        row = rule(FOLDERS, path)
        if tally.check(row, f"no rule for the folder {path}"):
            wanted.append((put, path, row[1].split()))
    for name, user in house.users.items():
        outcomes = as_user(user, [(deed, f"{house.root}/{path}") for deed, path, _ in wanted])
        for (deed, path, may), outcome in zip(wanted, outcomes, strict=True):
            if name in may:
                tally.check(not outcome, f"{name} cannot {deed.__name__} {path}: {outcome}")
            else:
                tally.check(outcome == "Permission denied", f"{name} can {deed.__name__} {path} ({outcome or 'it works'})")
            tally.notes[f"rights of {name} tried, {'given' if name in may else 'refused'}"] += 1
