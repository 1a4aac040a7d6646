"""What a disk holds after a power cut, told from the log of tests/fakes/preload.cpp.

The model is strict: a file has the content of its last completed fsync (what was written before that fsync began), a
folder the entries of its last completed fsync. Entries and content are apart: a synced file whose folder was never
synced is not found again. A rename is one step in both its folders. A variant drawn from a seed keeps, on top of that,
some of what was not synced: a start of it or any part of it, writes torn at sectors of 512 octets.
"""
import os
import struct

HEADER = struct.Struct("<IIQQHHcBxx")
SECTOR = 512
CREATED, EMPTIED = 1, 2


class Record:
    __slots__ = ("kind", "flag", "handle", "offset", "first", "second", "data")

    def __init__(self, kind, flag=0, handle=0, offset=0, first="", second="", data=b""):
        self.kind, self.flag, self.handle, self.offset = kind, flag, handle, offset
        self.first, self.second, self.data = first, second, data


def read_log(path):
    """All records of a log, in order."""
    with open(path, "rb") as log:
        octets = log.read()
    at = 0
    while at < len(octets):
        size, _, handle, offset, first, second, kind, flag = HEADER.unpack_from(octets, at)
        paths = at + HEADER.size
        data = paths + first + second
        yield Record(kind.decode(), flag, handle, offset, octets[paths:paths + first].decode(),
                     octets[paths + first:data].decode(), octets[data:at + size])
        at += size


def note(log_fd, text, kind=b"A"):
    """Appends a note of the test itself as one record: "A", the id of a message that got its 250; "D", id and mailbox of
    one whose dot another server took."""
    data = text.encode()
    os.write(log_fd, HEADER.pack(HEADER.size + len(data), os.getpid(), 0, 0, 0, 0, kind, 0) + data)


class File:
    """`durable` is the synced content, None while it is still that of the file `source`."""
    __slots__ = ("durable", "source", "pending")

    def __init__(self, source=None):
        self.durable, self.source = (bytearray(), None) if source is None else (None, source)
        self.pending = []  # (index, offset, data); data None: the size became offset

    def settle(self, before):
        """An fsync that began at record `before` has completed."""
        while self.pending and self.pending[0][0] < before:
            _, offset, data = self.pending.pop(0)
            apply(self.content(), offset, data)

    def content(self):
        if self.durable is None:
            with open(self.source, "rb") as source:
                self.durable, self.source = bytearray(source.read()), None
        return self.durable

    def after_cut(self, chance):
        """The content that is found after a cut. chance None: only what was synced."""
        how = chance.choice(("none", "all", "start", "sectors")) if chance and self.pending else "none"
        if how == "none":
            return self.content()
        found = bytearray(self.content())
        if how == "sectors":
            kept = [piece for piece in pieces(self.pending) if chance.random() < 0.5]
        else:
            every = list(pieces(self.pending))
            kept = every if how == "all" else every[:chance.randrange(len(every) + 1)]
        for offset, data in kept:
            apply(found, offset, data)
        return found


def apply(content, offset, data):
    """Writes data at offset, or sets the size to offset; a gap is zeros."""
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    if data is None:
        del content[offset:]
    else:
        content[offset:offset + len(data)] = data


def pieces(pending):
    """Pending writes, cut at the boundaries of sectors."""
    for _, offset, data in pending:
        if data is None:
            yield offset, None
            continue
        at = 0
        while at < len(data):
            end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
            yield offset + at, data[at:end]
            at = end


class Folder:
    __slots__ = ("now", "durable")

    def __init__(self):
        self.now, self.durable = {}, {}


class Step:
    """One change of names: entries (folder, name, File or Folder, or None for gone) that hold together."""
    __slots__ = ("index", "entries", "keys")

    def __init__(self, index, entries):
        self.index, self.entries = index, entries
        self.keys = {(id(folder), name) for folder, name, _ in entries}


class Disk:
    """Fed with records one by one; at any moment it can write what a cut right there would leave."""

    def __init__(self, root, base):
        """`root` is the folder of the record, `base` a copy of what was in it, synced, when recording began."""
        self.root, self.index = root.rstrip("/"), 0
        self.top = self._load(base)
        self.handles, self.syncs, self.steps = {}, {}, []

    def _load(self, path):
        folder = Folder()
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                folder.now[entry.name] = self._load(entry.path)
            elif entry.is_file(follow_symlinks=False) and not entry.name.endswith("-shm"):
                folder.now[entry.name] = File(entry.path)
        folder.durable = dict(folder.now)
        return folder

    def feed(self, record):
        getattr(self, "_on_" + record.kind)(record)
        self.index += 1

    # ---- one method a kind of record ----

    def _on_O(self, record):
        folder, name = self._place(record.first)
        if record.flag & CREATED:
            node = File()
            self._step((folder, name, node))
        else:
            node = folder.now[name] if name else folder
        if record.flag & EMPTIED:
            node.pending.append((self.index, 0, None))
        self.handles[record.handle] = node

    def _on_W(self, record):
        self.handles[record.handle].pending.append((self.index, record.offset, record.data))

    def _on_T(self, record):
        self.handles[record.handle].pending.append((self.index, record.offset, None))

    def _on_F(self, record):
        self.syncs[record.handle, record.offset] = self.index

    def _on_f(self, record):
        began = self.syncs.pop((record.handle, record.offset))
        node = self.handles[record.handle]
        if isinstance(node, File):
            node.settle(began)
        else:
            self._settle([step for step in self.steps if step.index < began and
                          any(folder is node for folder, _, _ in step.entries)])

    def _on_M(self, record):
        self._step((*self._place(record.first), Folder()))

    def _on_U(self, record):
        folder, name = self._place(record.first)
        if name in folder.now:  # a socket that a daemon bound was never recorded
            self._step((folder, name, None))

    def _on_R(self, record):
        (old, old_name), (new, new_name) = self._place(record.first), self._place(record.second)
        self._step((old, old_name, None), (new, new_name, old.now[old_name]))

    def _on_X(self, record):
        (one, one_name), (two, two_name) = self._place(record.first), self._place(record.second)
        self._step((one, one_name, two.now[two_name]), (two, two_name, one.now[one_name]))

    def _on_L(self, record):
        (old, old_name), (new, new_name) = self._place(record.first), self._place(record.second)
        self._step((new, new_name, old.now[old_name]))

    def _on_A(self, record):
        pass

    def _on_D(self, record):
        pass

    def _on_P(self, record):
        pass

    # ---- names ----

    def _place(self, path):
        """The folder that holds a path, and its name there; (top, "") for the root itself."""
        names = [name for name in path[len(self.root):].split("/") if name not in ("", ".")]
        folder = self.top
        for name in names[:-1]:
            folder = folder.now[name]
        return folder, names[-1] if names else ""

    def _step(self, *entries):
        put(entries, lambda folder: folder.now)
        self.steps.append(Step(self.index, entries))

    def _settle(self, wanted):
        """Makes steps durable, and with each those before it that touch the same names."""
        kept = self._with_causes(wanted)
        for step in kept:
            put(step.entries, lambda folder: folder.durable)
        gone = set(map(id, kept))
        self.steps = [step for step in self.steps if id(step) not in gone]

    def _with_causes(self, wanted):
        wanted_ids, keys, kept = set(map(id, wanted)), set(), []
        for step in reversed(self.steps):
            if id(step) in wanted_ids or not keys.isdisjoint(step.keys):
                keys |= step.keys
                kept.append(step)
        return kept[::-1]

    # ---- the cut ----

    def write(self, target, chance=None):
        """Writes what is left after a cut now to the new folder `target`. chance: a random.Random for a variant."""
        entries = {}
        for step in self._survivors(chance):
            put(step.entries, lambda folder: entries.setdefault(id(folder), dict(folder.durable)))
        self._write(self.top, target, entries, chance)

    def _survivors(self, chance):
        how = chance.choice(("none", "all", "start", "some")) if chance else "none"
        if how == "all":
            return self.steps
        if how == "start":
            return self.steps[:chance.randrange(len(self.steps) + 1)]
        if how == "some":
            return self._with_causes([step for step in self.steps if chance.random() < 0.5])
        return []

    def _write(self, folder, target, entries, chance):
        os.mkdir(target, 0o700)
        for name, node in entries.get(id(folder), folder.durable).items():
            path = os.path.join(target, name)
            if isinstance(node, Folder):
                self._write(node, path, entries, chance)
            else:
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                os.write(fd, node.after_cut(chance))
                os.close(fd)


def put(entries, names_of):
    for folder, name, node in entries:
        if node is None:
            names_of(folder).pop(name, None)
        else:
            names_of(folder)[name] = node
