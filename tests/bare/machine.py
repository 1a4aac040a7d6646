"""A bare Debian 12 in a folder, and processes on it that see nothing of the machine around them."""
import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
STORE = TOP / "build/bare"
BASE, CACHE, ARCHIVES, SHARED = STORE / "base", STORE / "ccache", STORE / "archives", STORE / "shared"
SOURCES = ("sources.list", "sources.list.d/debian.sources")
NEEDED = ("debootstrap", "unshare", "chroot", "ip", "git")
HOME = "/srv/futar"

# The first process of a machine. $1 root, $2 online or offline, $3 the person's home, $4 $5 $6 the folders it shares with
# other machines, then the command. It tells which processes the command left behind.
ENTER = """
mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"
mount --bind "$4" "$1$3/.cache/ccache"; mount --bind "$5" "$1/var/cache/apt/archives"; mount --bind "$6" "$1/mnt"
[ "$2" = online ] || ip link set lo up
root=$1; shift 6
chroot "$root" "$@"
status=$?
for process in "$root"/proc/[0-9]*; do
  [ "${process##*/}" = 1 ] || ! grep -q . "$process/cmdline" 2>/dev/null || { printf 'LEFT '; tr '\\0' ' ' <"$process/cmdline"; echo; }
done
exit $status
"""


class Unable(Exception):
    """Why this cannot be tested here."""


def prepare():
    """The bare system, once; the checkout's last commit as a bundle, each time."""
    if os.geteuid() != 0:
        raise Unable("only root can make a machine of its own")
    if missing := [program for program in NEEDED if not shutil.which(program)]:
        raise Unable(f"needs {' '.join(missing)}")
    for folder in (CACHE, ARCHIVES / "partial", SHARED):
        folder.mkdir(parents=True, exist_ok=True)
    run("git", "-c", f"safe.directory={TOP}", "-C", TOP, "bundle", "create", "-q", SHARED / "futar.bundle", "HEAD")
    make_base()


def make_base():
    """The bare system in BASE, once; who comes meanwhile waits for it."""
    STORE.mkdir(parents=True, exist_ok=True)
    with open(STORE / "base.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if BASE.exists():
            return
        fresh = STORE / "base.new"
        shutil.rmtree(fresh, ignore_errors=True)
        # In mounts of its own: it leaves the new system's /proc mounted.
        run("unshare", "--mount", "debootstrap", "--variant=minbase", "--include=git,sudo,ca-certificates", "bookworm", fresh, mirror())
        use_our_sources(fresh)
        fresh.rename(BASE)


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def mirror():
    """The address that this machine's own apt takes Debian from."""
    for name in SOURCES:
        with contextlib.suppress(OSError):
            found = re.search(r"^(?:URIs:|deb(?: \[.*?\])?) *(\S+)", Path("/etc/apt", name).read_text(), re.MULTILINE)
            if found:
                return found[1]
    raise Unable("this machine's apt has no source for Debian")


def use_our_sources(root):
    """Sources and ways to fetch (proxy, checks) are the machine's; its hooks and other settings are not."""
    for name in SOURCES:
        (root / "etc/apt" / name).unlink(missing_ok=True)
        if Path("/etc/apt", name).exists():
            shutil.copy(Path("/etc/apt", name), root / "etc/apt" / name)
    settings = run("apt-config", "dump").stdout.decode().splitlines()
    fetching = [line for line in settings if line.startswith("Acquire::")]
    (root / "etc/apt/apt.conf.d/50machine").write_text("\n".join(fetching) + "\n")


class Run:
    """A command that has ended: its lines with the seconds at which each came, its status, what it left."""

    def __init__(self, process, began, seconds):
        self.timed, self.left = [], []
        watch = threading.Timer(seconds, lambda: os.killpg(process.pid, signal.SIGKILL))
        watch.start()
        for line in process.stdout:
            if line.startswith("LEFT "):
                self.left.append(line.strip())
            else:
                self.timed.append((time.monotonic() - began, line.rstrip("\n")))
        self.status = process.wait()
        watch.cancel()
        self.took = time.monotonic() - began

    @property
    def lines(self):
        return [line for _, line in self.timed]

    def text(self):
        return "\n".join(self.lines[-60:]) + "\n"

    def when(self, heading):
        """When the first line under this heading came; None if none did."""
        return next((at for at, line in self.timed if line.startswith(f"{heading} ")), None)


class Machine:
    def __init__(self, name, uid, keep):
        self.name, self.uid, self.keep = name, uid, keep
        self.root = STORE / f"machine-{name}"
        self.home = "/root" if uid == 0 else f"/home/{name}"

    def path(self, inside):
        return f"{self.root}/{inside.lstrip('/')}"

    def __enter__(self):
        shutil.rmtree(self.root, ignore_errors=True)
        run("cp", "--archive", "--one-file-system", BASE, self.root)
        shutil.copy("/etc/resolv.conf", self.path("etc/resolv.conf"))
        if self.uid != 0:
            run("chroot", self.root, "useradd", "--create-home", "--uid", str(self.uid), "--shell", "/bin/bash", self.name)
            Path(self.path("etc/sudoers.d/user")).write_text(f"{self.name} ALL=(ALL) NOPASSWD: ALL\n")
        for folder in (self.path(f"{self.home}/.cache/ccache"), self.path(HOME)):
            os.makedirs(folder)
        run("chown", "-R", f"{self.uid}:{self.uid}", self.path(self.home), self.path(HOME), CACHE)
        return self

    def __exit__(self, *_):
        if not self.keep:
            shutil.rmtree(self.root)

    def run(self, *command, seconds=60, network=True):
        """Runs it on the machine, as the person, in the person's home; stdout and stderr as one."""
        own = ["--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
        as_person = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--init-groups", "env", "-i", f"HOME={self.home}",
                     f"USER={'root' if self.uid == 0 else self.name}", "PATH=/usr/local/bin:/usr/bin:/bin"
                     + (":/usr/sbin:/sbin" if self.uid == 0 else ""), "LANG=C.UTF-8"]
        began = time.monotonic()
        process = subprocess.Popen(
            ["unshare", *own, "sh", "-c", ENTER, "enter", str(self.root), "online" if network else "offline", self.home,
             str(CACHE), str(ARCHIVES), str(SHARED), *as_person, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            start_new_session=True)
        return Run(process, began, seconds)
