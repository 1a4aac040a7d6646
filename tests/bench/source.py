"""The load of the bench, by Postfix's smtp-source, and its measurement: arrivals by inotify, CPU from /proc."""
import concurrent.futures
import ctypes
import os
import struct
import subprocess
import threading
import time
from dataclasses import dataclass

SIZE, SESSIONS, MAILBOXES = 4096, 20, 100
STALLED = 20  # seconds without an arrival
TICK = os.sysconf("SC_CLK_TCK")
IN_MOVED_TO, IN_CREATE, IN_NONBLOCK, IN_Q_OVERFLOW = 0x80, 0x100, 0o4000, 0x4000
libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Result:
    messages: int
    accepted_s: float
    delivered_s: float
    cpu_s: float
    other_cores: float  # what the rest of the machine took meanwhile: distrust the row where it is high

    @property
    def rate(self):
        return self.messages / self.delivered_s

    def __str__(self):
        return (f"{self.messages} messages, accepted {self.messages / self.accepted_s:.0f}/s, "
                f"delivered {self.rate:.0f}/s, {1e6 * self.cpu_s / self.messages:.0f} us of CPU each, "
                f"others used {self.other_cores:.1f} cores")


class Arrivals:
    """Counts the files that appear in folders."""

    def __init__(self, folders):
        self.fd, self.count, self.last = libc.inotify_init1(IN_NONBLOCK), 0, time.monotonic()
        for folder in folders:
            if libc.inotify_add_watch(self.fd, folder.encode(), IN_MOVED_TO | IN_CREATE) < 0:
                raise OSError(ctypes.get_errno(), folder)

    def look(self):
        try:
            octets = os.read(self.fd, 1 << 20)
        except BlockingIOError:
            return self.count
        at = 0
        while at < len(octets):
            _, mask, _, length = struct.unpack_from("iIII", octets, at)
            if mask & IN_Q_OVERFLOW:
                raise RuntimeError("arrivals were missed")
            at += 16 + length
            self.count += 1
        self.last = time.monotonic()
        return self.count

    def wait_for(self, count):
        """The moment of the count-th arrival."""
        while self.look() < count:
            if time.monotonic() - self.last > STALLED:
                raise RuntimeError(f"only {self.count} of {count} messages arrived")
            time.sleep(0.003)
        return self.last

    def close(self):
        os.close(self.fd)


def tree_cpu(roots):
    """CPU seconds of processes and all below them, dead children included."""
    parents, used = {}, {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(process)], used[int(process)] = int(fields[1]), sum(map(int, fields[11:15])) / TICK
    found, todo = set(), set(roots)
    while todo:
        found |= todo
        todo = {process for process, parent in parents.items() if parent in todo}
    return sum(used.get(process, 0) for process in found)


def machine_cpu():
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields[:3]) + sum(fields[5:8])) / TICK


def run_source(server, sessions, count, mailbox):
    subprocess.run([*server.source, "-s", str(sessions), "-m", str(count), "-l", str(SIZE), "-d", "-f", "bench@mail.test",
                    "-M", "client.test", "-t", f"{mailbox}@{server.domain}", f"inet:127.0.0.1:{server.port}"],
                   env=server.source_environment, check=True, stdout=subprocess.DEVNULL)


def send(server, work, count):
    """local1: one smtp-source with all sessions. local100: one for each mailbox, as many at once as sessions."""
    if work == "local1":
        run_source(server, SESSIONS, count, "u00")
        return
    with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
        runs = [pool.submit(run_source, server, 1, count // MAILBOXES, f"u{n:02}") for n in range(MAILBOXES)]
        for run in runs:
            run.result()


def measure(server, work, count):
    arrivals = Arrivals(server.folders)
    own, all_of_us, machine = tree_cpu(server.processes), tree_cpu([os.getpid(), *server.processes]), machine_cpu()
    began, accepted = time.monotonic(), []
    sender = threading.Thread(target=lambda: (send(server, work, count), accepted.append(time.monotonic())))
    sender.start()
    delivered = arrivals.wait_for(count)
    sender.join()
    time.sleep(0.3)  # what is left to do after the last arrival
    taken = time.monotonic() - began
    own, all_of_us = tree_cpu(server.processes) - own, tree_cpu([os.getpid(), *server.processes]) - all_of_us
    arrivals.close()
    if not accepted:
        raise RuntimeError("smtp-source failed")
    return Result(count, accepted[0] - began, delivered - began, own, (machine_cpu() - machine - all_of_us) / taken)
