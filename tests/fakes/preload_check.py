#!/usr/bin/python3
"""Checks the preloaded library and the disk model against small programs: what was synced survives a cut, what was
not does not, a rename is one step, faults and points fire where they should. Usage: preload_check.py [LIBRARY]"""
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "power"))
from disk import Disk, note, read_log  # noqa: E402

LIBRARY = os.path.join(HERE, "..", "..", "build", "dev", "tests", "libfutar_preload.so")


def content(path):
    with open(path, "rb") as file:
        return file.read()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="futar-preload-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.root, self.base, self.log = (os.path.join(self.folder, name) for name in ("root", "base", "log"))
        os.mkdir(self.root)
        os.mkdir(self.base)

    def start_over(self):
        os.remove(self.log)
        shutil.rmtree(self.root)
        os.mkdir(self.root)

    def run_python(self, code, **variables):
        """Runs Python code in the root, under the library."""
        environment = dict(os.environ, LD_PRELOAD=os.path.abspath(LIBRARY), FUTAR_RECORD_ROOT=self.root,
                           FUTAR_RECORD=self.log, **variables)
        code = "import os, sqlite3, errno\n" + SHORTHAND + code
        return subprocess.run([sys.executable, "-c", code], cwd=self.root, env=environment, capture_output=True,
                              text=True)

    def after(self, code, **variables):
        """The files, name -> content, that are found when the power goes after `code`."""
        done = self.run_python(code, **variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.cut()

    def cut(self, at=None, seed=None):
        """The same from the log as it is, cut at record `at`; with a seed a variant."""
        disk = Disk(self.root, self.base)
        for record in list(read_log(self.log))[:at]:
            disk.feed(record)
        self.found = tempfile.mkdtemp(dir=self.folder) + "/cut"
        disk.write(self.found, None if seed is None else random.Random(seed))
        return {os.path.relpath(os.path.join(folder, name), self.found): content(os.path.join(folder, name))
                for folder, _, names in os.walk(self.found) for name in names}


SHORTHAND = """
def put(name, data, sync=True, flags=os.O_WRONLY | os.O_CREAT):
    fd = os.open(name, flags, 0o600); os.write(fd, data)
    if sync: os.fsync(fd)
    os.close(fd)
def sync_folder(name='.'):
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY); os.fsync(fd); os.close(fd)
"""


class TheDiskModel(Case):
    def test_a_synced_file_in_a_synced_folder_survives(self):
        self.assertEqual(self.after("put('a', b'one'); sync_folder()"), {"a": b"one"})

    def test_a_file_is_lost_when_its_folder_was_not_synced(self):
        self.assertEqual(self.after("put('a', b'one')"), {})

    def test_content_is_lost_when_the_file_was_not_synced(self):
        self.assertEqual(self.after("put('a', b'one', sync=False); sync_folder()"), {"a": b""})

    def test_what_is_written_after_the_fsync_is_lost(self):
        self.assertEqual(self.after("put('a', b'one'); sync_folder(); put('a', b'two', False, os.O_WRONLY|os.O_APPEND)"),
                         {"a": b"one"})

    def test_a_rename_across_folders_is_one_step(self):
        code = "os.mkdir('s'); os.mkdir('t'); sync_folder(); put('s/a', b'one'); sync_folder('s'); os.rename('s/a', 't/b'); "
        self.assertEqual(self.after(code), {"s/a": b"one"})
        self.start_over()
        self.assertEqual(self.after(code + "sync_folder('t')"), {"t/b": b"one"})
        self.start_over()
        self.assertEqual(self.after(code + "sync_folder('s')"), {"t/b": b"one"})

    def test_a_rename_takes_the_creation_of_its_file_along(self):
        code = "os.mkdir('s'); os.mkdir('t'); sync_folder(); put('s/a', b'one'); os.rename('s/a', 't/b'); "
        self.assertEqual(self.after(code + "sync_folder('t'); put('s/c', b'x'); sync_folder('s')"),
                         {"t/b": b"one", "s/c": b"x"})

    def test_an_unlink_counts_once_the_folder_is_synced(self):
        self.assertEqual(self.after("put('a', b'one'); sync_folder(); os.unlink('a')"), {"a": b"one"})
        self.start_over()
        self.assertEqual(self.after("put('a', b'one'); sync_folder(); os.unlink('a'); sync_folder()"), {})

    def test_what_was_there_before_the_recording_is_found_again(self):
        for folder in (self.root, self.base):
            with open(folder + "/old", "wb") as old:
                old.write(b"0123456789")
        code = "fd = os.open('old', os.O_WRONLY); os.pwrite(fd, b'xx', 4); os.fdatasync(fd); os.ftruncate(fd, 2)"
        self.assertEqual(self.after(code), {"old": b"0123xx6789"})

    def test_writes_through_duplicated_descriptors_and_vectors_are_seen(self):
        code = "fd = os.dup(os.open('a', os.O_WRONLY | os.O_CREAT)); os.writev(fd, [b'one', b'two']); os.fsync(fd); sync_folder()"
        self.assertEqual(self.after(code), {"a": b"onetwo"})

    def test_an_fsync_covers_only_what_was_written_before_it_began(self):
        self.after("put('a', b'one'); sync_folder()")
        kinds = [record.kind for record in read_log(self.log)]
        self.assertEqual(kinds, list("OWFfOFf"))
        self.assertEqual(self.cut(kinds.index("f")), {})

    def test_a_variant_keeps_some_of_what_was_not_synced_and_all_that_was(self):
        code = "put('a', b'A'*2048); sync_folder(); put('a', b'B'*2048, False); put('b', b'C'*1024, False)"
        self.after(code)
        seen = set()
        for seed in range(200):
            found = self.cut(seed=seed)
            sectors = [found["a"][i:i + 512] for i in range(0, 2048, 512)]
            self.assertTrue(all(sector in (b"A" * 512, b"B" * 512) for sector in sectors))
            seen.add((found["a"], found.get("b")))
        self.assertIn((b"A" * 2048, None), seen)
        self.assertIn((b"B" * 2048, b"C" * 1024), seen)
        self.assertGreater(len(seen), 10)

    def test_without_fsync_all_is_lost(self):
        self.assertEqual(self.after("put('a', b'one'); sync_folder()", FUTAR_NOSYNC="1"), {})

    def test_a_committed_sqlite_transaction_survives_each_variant(self):
        code = """
db = sqlite3.connect('db', isolation_level=None)
db.execute('pragma journal_mode=wal'); db.execute('pragma synchronous=full')
db.execute('create table t(n)'); sync_folder()
for n in range(300):
    db.execute('insert into t values(?)', (n,))
    if n % 100 == 50: db.execute('pragma wal_checkpoint(passive)')
os._exit(0)"""
        self.after(code)
        for seed in [None, *range(30)]:
            self.cut(seed=seed)
            db = sqlite3.connect(self.found + "/db")
            self.assertEqual(db.execute("select count(*) from t").fetchone(), (300,))
            self.assertEqual(db.execute("pragma integrity_check").fetchone(), ("ok",))
            db.close()

    def test_notes_of_the_test_stand_in_the_same_log(self):
        self.run_python("put('a', b'one')")
        fd = os.open(self.log, os.O_WRONLY | os.O_APPEND)
        note(fd, "m1")
        os.close(fd)
        self.assertEqual([record.data for record in read_log(self.log)][-1], b"m1")


class Faults(Case):
    def fired(self, fault, code):
        path = os.path.join(self.folder, "fired")
        done = self.run_python(code, FUTAR_FAULT=fault, FUTAR_FAULT_FIRED=path)
        return done.stdout.strip(), os.path.getsize(path) > 0

    TRY = """
def attempt(call, *arguments):
    try: call(*arguments); print('ok', end=' ')
    except OSError as error: print(errno.errorcode[error.errno], end=' ')
"""

    def test_the_nth_call_fails_once(self):
        code = self.TRY + "fd = os.open('a', os.O_WRONLY | os.O_CREAT)\nfor _ in range(4): attempt(os.write, fd, b'x')"
        self.assertEqual(self.fired("write:2:ENOSPC", code), ("ok ENOSPC ok ok", True))

    def test_a_sticky_fault_stays(self):
        code = self.TRY + "fd = os.open('a', os.O_WRONLY | os.O_CREAT)\nfor _ in range(4): attempt(os.fsync, fd)"
        self.assertEqual(self.fired("fsync:3:EIO:sticky", code), ("ok ok EIO EIO", True))

    def test_each_kind_of_call_can_fail(self):
        for op, call in (("open", "os.open, 'a', os.O_RDONLY | os.O_CREAT"), ("rename", "os.rename, 'b', 'c'"),
                         ("link", "os.link, 'b', 'd'"), ("unlink", "os.unlink, 'b'"), ("mkdir", "os.mkdir, 'e'"),
                         ("truncate", "os.truncate, fd, 1")):
            done = self.fired(op + ":1:EIO", self.TRY + "put('b', b'x') if %r != 'open' else 0\n"
                              "fd = os.open('b', os.O_WRONLY) if %r == 'truncate' else 0\nattempt(%s)" % (op, op, call))
            self.assertEqual(done, ("EIO", True), op)

    def test_a_fault_out_of_reach_does_not_fire(self):
        self.assertEqual(self.fired("write:9:EIO", self.TRY + "attempt(put, 'a', b'x')"), ("ok", False))

    def test_files_elsewhere_are_left_alone(self):
        self.assertEqual(self.fired("open:1:EIO", self.TRY + "attempt(os.open, '/etc/hosts', os.O_RDONLY)"),
                         ("ok", False))


PROGRAM = """
extern "C" { __attribute__((visibility("default"), used)) void (*futar_point_hook)(const char*) = nullptr; }
#include <cstdio>
int main() { for (int i = 0; i < 3; ++i) { if (futar_point_hook) futar_point_hook("a.b"); puts("passed"); fflush(stdout); } }
"""


class Points(Case):
    def run_program(self, **variables):
        source, program = self.folder + "/p.cpp", self.folder + "/p"
        with open(source, "w") as out:
            out.write(PROGRAM)
        subprocess.run(["clang++-19", "-rdynamic", source, "-o", program], check=True)
        return subprocess.run([program], capture_output=True, text=True,
                              env=dict(os.environ, LD_PRELOAD=os.path.abspath(LIBRARY), **variables))

    def test_a_program_is_killed_at_the_nth_passing(self):
        done = self.run_program(FUTAR_POINT="a.b:2:kill", FUTAR_POINT_LOG=self.log)
        self.assertEqual((done.returncode, done.stdout), (-9, "passed\n"))
        self.assertEqual(content(self.log), b"a.b\na.b\n")

    def test_other_points_pass(self):
        self.assertEqual(self.run_program(FUTAR_POINT="a.c:1:kill").returncode, 0)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        LIBRARY = sys.argv.pop(1)
    unittest.main()
