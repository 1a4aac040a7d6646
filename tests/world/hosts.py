"""Hosts in network namespaces on one wire. Whoever runs this is alone in namespaces of their own (`enter`), and is the
host futar: what the test starts itself, our agents among it, runs there. All of it is gone when the test ends."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from packages import Unavailable, tree
from world import die_with_parent

PRIVATE = "FUTAR_WORLD"  # the folder of this world, set for who is inside
OUR_ADDRESS, OUR_ADDRESS6 = "198.51.100.10", "2001:db8::10"
TEST_ADDRESS = "198.51.100.9"  # the test's own on our host: the others relay for it
RESOLVER = "198.51.100.54"
# Who has a mailbox at the others: one, one with a name beyond ASCII, and five hundred.
USERS = ["user", "űr", *(f"u{number:03}" for number in range(1, 501))]
PEOPLE = """root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/:/bin/false
vmail:x:910:910::/var/mailboxes:/bin/sh
postfix:x:901:901::/var/spool/postfix:/bin/false
Debian-exim:x:905:905::/var/spool/exim4:/bin/false
opensmtpd:x:906:906::/var/lib/opensmtpd/empty:/bin/false
opensmtpq:x:907:907::/var/lib/opensmtpd/empty:/bin/false
dovecot:x:908:908::/:/bin/false
dovenull:x:909:909::/:/bin/false
"""


def enter():
    """Comes back inside: processes, mounts and network of our own. Outside remains a process that waits and tidies up."""
    if PRIVATE in os.environ:
        _furnish(os.environ[PRIVATE])
        return
    if os.geteuid() != 0:
        raise Unavailable("it needs root for its network namespaces")
    unshare = ["unshare", "--mount", "--propagation", "private", "--net", "--uts", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        raise Unavailable("root may not make namespaces here (a container without CAP_SYS_ADMIN?)")
    with tempfile.TemporaryDirectory(prefix="futar-world-") as folder:
        os.chmod(folder, 0o755)
        inside = subprocess.Popen([*unshare, sys.executable, "-B", *sys.argv], env=os.environ | {PRIVATE: folder},
                                  preexec_fn=die_with_parent, start_new_session=True)
        for number in (signal.SIGTERM, signal.SIGINT):  # unshare hears neither; all inside dies with it
            signal.signal(number, lambda *_: inside.kill())
        status = inside.wait()
        sys.exit(status if status >= 0 else 128 - status)


def _furnish(folder):
    """The mounts that the hosts share: names of namespaces, and an /etc that asks the world's resolver."""
    write(f"{folder}/pid", os.readlink("/proc/self"))  # as it is called outside, for tests/world/shell
    for command in (["mount", "-t", "proc", "proc", "/proc"], ["mount", "-t", "tmpfs", "tmpfs", "/run"]):
        subprocess.run(command, check=True)
    for name in ("etc", "etc-work", "netns"):
        os.mkdir(f"/run/{name}")
    subprocess.run(["mount", "-t", "overlay", "-o", "lowerdir=/etc,upperdir=/run/etc,workdir=/run/etc-work", "overlay",
                    "/etc"], check=True)
    for name, text in names_of_host("futar").items():
        if os.path.lexists(f"/etc/{name}"):
            os.unlink(f"/etc/{name}")
        write(f"/etc/{name}", text)


def names_of_host(name):
    return {"resolv.conf": f"nameserver {RESOLVER}\noptions edns0 trust-ad timeout:2\n", "nsswitch.conf": "hosts: files dns\n",
            "hosts": f"127.0.0.1 localhost\n::1 localhost\n", "hostname": f"{name}.test\n"}


def write(path, text, mode=0o644):
    with open(path, "w") as out:
        out.write(text)
    os.chmod(path, mode)


def ip(namespace, *lines):
    """Lines for the program ip; namespace "" is where we are."""
    where = ["-n", namespace] if namespace else []
    subprocess.run(["ip", *where, "-batch", "-"], input="\n".join(lines), text=True, check=True)


class Wire:
    """The bridge that all hosts hang on, in a namespace where nobody lives."""

    def __init__(self, folder):
        self.folder, self.hosts = folder, {}
        ip("", "netns add wire")
        ip("wire", "link add br0 type bridge", "link set br0 up")
        self._plug("", "futar", [OUR_ADDRESS, TEST_ADDRESS, OUR_ADDRESS6])

    def host(self, name, addresses, packages=()):
        """A new host. With packages it has a root of its own, where they look as if installed."""
        ip("", f"netns add {name}")
        self._plug(name, name, addresses)
        self.hosts[name] = Host(self, name, addresses, packages)
        return self.hosts[name]

    def route(self, network, host):
        """A whole network that lives behind a host: each of its addresses is the host's own."""
        ip(host.name, f"route add local {network} dev lo")
        ip("", f"route add {network} via {host.addresses[0]}")

    @staticmethod
    def _plug(namespace, name, addresses):
        ip(namespace, f"link add eth0 type veth peer name {name} netns wire", "link set lo up", "link set eth0 up",
           *(f"addr add {one}{'/64 dev eth0 nodad' if ':' in one else '/24 dev eth0'}" for one in addresses))
        ip("wire", f"link set {name} master br0 up")

    @contextlib.contextmanager
    def silent(self, name):
        """Nothing comes from that host, and nothing reaches it, as long as this lasts."""
        ip("wire", f"link set {name} nomaster")
        try:
            yield
        finally:
            ip("wire", f"link set {name} master br0")

    def close(self):
        for host in self.hosts.values():
            host.stop()


class Host:
    def __init__(self, wire, name, addresses, packages):
        self.wire, self.name, self.addresses = wire, name, addresses
        self.folder = f"{wire.folder}/{name}"
        os.makedirs(self.folder)
        self.root = f"{self.folder}/root" if packages else ""
        self.processes = []
        if packages:
            self._fill(packages)

    def _fill(self, packages):
        for path in ("etc", "usr", "run", "tmp", "dev", "proc", "root", "var/tmp", "var/log", "var/lib", "var/spool",
                     "var/mailboxes"):
            os.makedirs(f"{self.root}/{path}")
        for link in ("bin", "sbin", "lib", "lib64"):
            os.symlink(f"usr/{link}", f"{self.root}/{link}")
        os.symlink("/run", f"{self.root}/var/run")
        os.chmod(f"{self.root}/tmp", 0o1777)
        os.chown(f"{self.root}/var/mailboxes", 910, 910)
        for package in packages:
            for part in ("etc", "var"):
                if os.path.isdir(f"{tree(package)}/{part}"):
                    shutil.copytree(f"{tree(package)}/{part}", f"{self.root}/{part}", dirs_exist_ok=True, symlinks=True)
        groups = [(line.split(":")[0], line.split(":")[2]) for line in PEOPLE.split()]
        groups += [("mail", "8"), ("nogroup", "65534"), ("postdrop", "902")]
        self.put("/etc/passwd", PEOPLE)
        self.put("/etc/group", "".join(f"{name}:x:{gid}:\n" for name, gid in dict(groups).items()))
        self.put("/etc/shadow", "".join(f"{line.split(':')[0]}:*:19000:0:99999:7:::\n" for line in PEOPLE.split()))
        for name, text in names_of_host(self.name).items():
            self.put(f"/etc/{name}", text)
        lower = ":".join([*(f"{tree(package)}/usr" for package in packages), "/usr"])
        for command in (["-t", "overlay", "-o", f"ro,lowerdir={lower}", "overlay", f"{self.root}/usr"],
                        ["--rbind", "/dev", f"{self.root}/dev"], ["-t", "proc", "proc", f"{self.root}/proc"]):
            subprocess.run(["mount", *command], check=True)

    def put(self, path, text, mode=0o644):
        """Writes a file of this host."""
        os.makedirs(os.path.dirname(f"{self.root}{path}"), exist_ok=True)
        write(f"{self.root}{path}", text, mode)

    def command(self, *words):
        return ["ip", "netns", "exec", self.name, *(["chroot", self.root] if self.root else []), *words]

    def run(self, *words, **options):
        return subprocess.run(self.command(*words), check=True, capture_output=True, text=True, **options).stdout

    def start(self, *words, **options):
        """A server that runs until the world ends; what it says goes to FOLDER/NAME/out."""
        with open(f"{self.folder}/out", "ab") as out:
            process = subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []

    def log(self):
        """What its server wrote, for a test that fails."""
        found = [f"{self.folder}/out", *(f"{self.root}/var/log/{name}" for name in ("mail.log", "exim4/mainlog"))]
        return "".join(open(path, errors="replace").read() for path in found if os.path.exists(path))


def wait_for(words, question, seconds=20, pause=0.05):
    """Waits until question() is true; returns its answer."""
    until = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > until:
            raise TimeoutError(f"{words}: not within {seconds} s")
        time.sleep(pause)
    return answer
