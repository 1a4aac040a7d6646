"""A Debian 12 in a folder: commands in it by chroot, or systemd as its first process, with a network of its own."""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/bare"), str(TOP / "tests/lib")]
import machine  # noqa: E402
from machine import Unable  # noqa: E402
from world import die_with_parent  # noqa: E402

STORE = TOP / "build/packages"
BASE = STORE / "base"
ADDED = ("systemd-sysv", "cron")  # to the bare system: what a server has before we come
CLONE_NEWNET = 0x40000000
WORDS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}

# A command in the folder $1, with the packages that apt fetched before in $2.
ENTER = """
mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; mount --bind "$2" "$1/var/cache/apt/archives"
root=$1; shift 2; exec chroot "$root" "$@"
"""

# Joins the group $2, and goes on as the script $3 in namespaces of its own.
APART = """
echo $$ >"$2/cgroup.procs"
exec unshare --mount --pid --fork --kill-child --net --uts --ipc --cgroup sh -c "$3" sh "$1" "$2"
"""

# The first process of the guest, in namespaces of its own. $1 is its folder, $2 its group in the one hierarchy (version 2)
# that it sees. Its root must be a mount, or systemd cannot make the agents' own mounts.
BOOT = """
set -e
mount --make-rprivate /; mount --bind "$1" "$1"; cd "$1"
mount -t proc proc proc; mount -t sysfs sysfs sys; mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run; mount -t tmpfs -o mode=755 tmpfs dev; mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts; mount -t tmpfs tmpfs dev/shm; ln -s pts/ptmx dev/ptmx
for d in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 dev/${d%:*} c 1 ${d#*:}; done
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
ip link set lo up; hostname guest
pivot_root . .; umount -l .
exec env -i container=lxc /lib/systemd/systemd --log-target=journal --show-status=no
"""


def prepare():
    """The guest's base, once."""
    if os.geteuid() != 0:
        raise Unable("only root can make a guest")
    if missing := [program for program in (*machine.NEEDED, "nsenter", "pivot_root", "apt-get") if not shutil.which(program)]:
        raise Unable(f"needs {' '.join(missing)}")
    machine.make_base()
    (machine.ARCHIVES / "partial").mkdir(parents=True, exist_ok=True)
    if not BASE.exists():
        STORE.mkdir(parents=True, exist_ok=True)
        fresh = Guest("base.new")
        fresh.fill(machine.BASE)
        fresh.online("apt-get", "update", "-q")
        fresh.online("apt-get", "install", "-qy", "--no-install-recommends", *ADDED)
        fresh.root.rename(BASE)


class Guest:
    def __init__(self, name):
        self.root, self.process, self.first = STORE / name, None, None
        self.group = None

    def fill(self, base):
        shutil.rmtree(self.root, ignore_errors=True)
        machine.run("cp", "--archive", "--one-file-system", base, self.root)

    def path(self, inside):
        return f"{self.root}/{inside.lstrip('/')}"

    def online(self, *command, check=True):
        """A command on the folder while nothing runs there, with this machine's network: for apt."""
        shutil.copy("/etc/resolv.conf", self.path("etc/resolv.conf"))
        return self._finish(check, ["unshare", "--mount", "--pid", "--fork", "sh", "-ec", ENTER, "sh", str(self.root),
                                    str(machine.ARCHIVES), *command], 900)

    def boot(self):
        """systemd as process 1; raises Unable where this machine does not allow it."""
        hierarchy = next((Path(place) for place in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
                          if Path(place, "cgroup.procs").exists()), None)
        if not hierarchy:
            raise Unable("no control groups of version 2 for systemd")
        self.group = hierarchy / f"futar-packages-{os.getpid()}"
        try:
            self.group.mkdir()
        except OSError as error:
            raise Unable(f"no control group for systemd: {error}") from error
        log = open(STORE / "boot.log", "wb")
        self.process = subprocess.Popen(["sh", "-c", APART, "sh", str(self.root), str(self.group), BOOT], stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent)
        self._wait_booted()

    def _wait_booted(self):
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            if children:
                self.first = children[0]
                if self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded"):
                    return
            time.sleep(0.2)
        self.halt()
        raise Unable("systemd does not come up as process 1: " + (STORE / "boot.log").read_text(errors="replace")[-500:])

    def run(self, *command, check=True, given=None, seconds=300):
        """A command in the booted guest."""
        return self._finish(check, ["nsenter", "--target", self.first, "--all", "--root", "--wd", *command], seconds, given)

    def _finish(self, check, words, seconds, given=None):
        done = subprocess.run(words, input=given, stdin=None if given is not None else subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds, env=WORDS)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words[-4:])}: status {done.returncode}\n{done.stdout[-3000:]}")
        return done

    def enter_network(self):
        """This process, and threads that it starts from now on, sees the guest's loopback as its own."""
        with open(f"/proc/{self.first}/ns/net") as place:
            if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

    def halt(self):
        if self.process and self.process.poll() is None:
            if self.first:
                self.run("systemctl", "--force", "poweroff", check=False, seconds=30)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None
        for folder, _, _ in os.walk(self.group or "", topdown=False):
            os.rmdir(folder)

    def remove(self):
        shutil.rmtree(self.root)
