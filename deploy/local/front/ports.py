"""Ports on loopback: a base plus the standard port, all free or none taken."""
import contextlib
import os
import re
import socket

from words import Failed, say

HOST = "127.0.0.1"
STANDARD = {
    "MX": 25, "SUBMISSION": 587, "SUBMISSIONS": 465, "IMAP": 143, "IMAPS": 993, "POP3": 110, "POP3S": 995, "HTTP": 80,
    "MSA_METRICS": 81, "MTA_METRICS": 82, "MDA_METRICS": 83,
}
BASES = range(1000, 62000, 10000)


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
            return True
        except OSError:
            return False


def inodes_listening(port):
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(table) as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def holder(port):
    """"python3 (process 123)", as far as we may look."""
    wanted = {f"socket:[{inode}]" for inode in inodes_listening(port)}
    for process in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{process}/fd"):
                if os.readlink(f"/proc/{process}/fd/{descriptor}") in wanted:
                    name = re.sub(r"\s", "", open(f"/proc/{process}/comm").read())
                    return f"{name} (process {process})"
    return "another user's process"


class Claim:
    """A base of ports that is ours while this object lives. An abstract socket tells other front doors, who may be
    between their own look and their agents' bind; it goes with us, however we end."""

    def __init__(self, base):
        self.base = base
        self.ports = {name: base + port for name, port in STANDARD.items()}
        self._mark = socket.socket(socket.AF_UNIX)
        self.hindrance = self._hindrance()

    def _hindrance(self):
        try:
            self._mark.bind(f"\0futar-local-ports-{self.base}")
        except OSError:
            return f"the ports from {self.base} on are another front door's"
        taken = next((port for port in self.ports.values() if not is_free(port)), None)
        if taken is None:
            return None
        self._mark.close()
        return f"port {taken} is held by {holder(taken)}"


def claim(wanted):
    """The first base that is free; with a wanted base that one or none."""
    for base in BASES if wanted is None else [wanted]:
        found = Claim(base)
        if not found.hindrance:
            return found
        if wanted is None:
            say("ports", f"{found.hindrance}; trying {base + 10000} on")
    raise Failed(f"{found.hindrance}" if wanted is not None else "no range of ports is free", 75)
