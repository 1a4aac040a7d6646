"""What the parts share: the agents with room for many sessions, their memory, plain and TLS connections to them."""
import contextlib
import os
import resource
import shutil
import socket
import ssl
import tempfile

from world import AGENTS, World

KIB, MIB = 1 << 10, 1 << 20
USUAL_SOFT_LIMIT = 1024  # of descriptors: what a shell or systemd gives a process, so what the agents start with
SESSIONS = 6000


@contextlib.contextmanager
def house(programs, tally, users=()):
    """The three agents, freshly started in a folder that goes when nothing failed; tells what ended unexpectedly."""
    root = tempfile.mkdtemp(prefix="futar-memory-")
    world = World(programs, root, domain="memory.test", msa=f"sessions = {SESSIONS}", mta=f"sessions = {SESSIONS}")
    world.people(users)
    try:
        with soft_limit(USUAL_SOFT_LIMIT):
            world.start()
        yield world
    except BaseException:
        print(f"kept: {root}", flush=True)
        root = None
        raise
    finally:
        world.stop()
        for surprise in world.surprises():
            tally.check(False, surprise)
        if root:
            shutil.rmtree(root)


@contextlib.contextmanager
def soft_limit(descriptors):
    """What is started inside gets this soft limit; we ourselves use all that we may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(descriptors, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def memory(world, agent, field="VmRSS"):
    """Octets: VmRSS is resident now, VmHWM was at most."""
    with open(f"/proc/{world.agents[agent].process.pid}/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * KIB
    raise KeyError(field)


def forget_peaks(world):
    """VmHWM counts from now on (proc(5), clear_refs)."""
    for name in AGENTS:
        with open(f"/proc/{world.agents[name].process.pid}/clear_refs", "w") as file:
            file.write("5")


class Client:
    """One blocking SMTP connection."""
    tls = ssl._create_unverified_context()  # the agents' own certificate

    def __init__(self, port, implicit=False):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        if implicit:
            self.secure()
        greeting = self.reply()
        if not greeting.startswith(b"220"):
            raise ConnectionError(f"greeted with {greeting!r}")

    def secure(self):
        self.socket = self.tls.wrap_socket(self.socket)

    def reply(self):
        """A whole reply: nothing is pipelined here, so whatever came belongs to it."""
        text = b""
        while not text.endswith(b"\r\n") or text.rstrip().rsplit(b"\n", 1)[-1][3:4] == b"-":
            octets = self.socket.recv(4096)
            if not octets:
                raise ConnectionError(f"closed by the agent behind {text!r}")
            text += octets
        return text

    def say(self, line, code=b"250"):
        self.socket.sendall(line.encode() + b"\r\n")
        reply = self.reply()
        if not reply.startswith(code):
            raise ConnectionError(f"{line}: {reply!r}")
        return reply

    def start_tls(self):
        self.say("STARTTLS", b"220")
        self.secure()

    def close(self):
        self.socket.close()


def in_mib(octets):
    return f"{octets / MIB:.1f} MiB"


def disk_for(octets, tally, words):
    """Whether so much may be written to the folder for temporary files."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    return tally.check(free > octets, f"{words} needs {octets / 1e9:.0f} GB in {tempfile.gettempdir()}, which has "
                       f"{free / 1e9:.0f}")


def descriptors_left():
    """How many connections we may open ourselves."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1] - len(os.listdir("/proc/self/fd")) - 50
