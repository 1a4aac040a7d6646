"""What each agent tries from within, and what must come of it."""
import errno
import os
import platform
import signal
import socket
import time

ALL = ("msa", "mta", "mda")
EPERM, REFUSED = (errno.EPERM,), (errno.EACCES, errno.EXDEV)
SECCOMP = 0  # holds without Landlock, too
FILES, PORTS, SCOPES = 2, 4, 6  # the ABI that is needed
# bpf, perf_event_open, keyctl, setns, init_module, reboot, then io_uring_setup, which has one number everywhere
CALLS = {"x86_64": (321, 298, 250, 308, 175, 169), "aarch64": (280, 241, 219, 268, 105, 142)}
AF_PACKET, AF_ALG, AF_VSOCK = 17, 38, 40


class Lure:
    """What lies about outside: a file that all may read, a TCP port and an abstract socket that answer."""

    def __init__(self, folder):
        self.folder = f"{folder}/elsewhere"
        os.mkdir(self.folder)
        with open(f"{self.folder}/file", "w") as out:
            out.write("not for mail servers\n")
        self.tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.tcp.getsockname()[1]
        self.name = f"futar-lure-{os.getpid()}"
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0{self.name}")
        self.abstract.listen(64)

    def close(self):
        self.tcp.close()
        self.abstract.close()


def attempts(world, agent, lure):
    """[(line for the probe, errno numbers of which one must come, ABI from which on, whether it is allowed without a
    sandbox)]."""
    other = "mta" if agent == "msa" else "msa"
    state, pid = f"{world.disk}/state", world.agents[other].process.pid
    table = [
        (f"read {state}/{other}/{other}.db", REFUSED, FILES, True),
        (f"read {state}/directory/directory.db", REFUSED, FILES, True),
        (f"read {state}", REFUSED, FILES, True),
        (f"read {lure.folder}/file", REFUSED, FILES, True),
        ("read /proc/1/status", REFUSED, FILES, True),
        (f"make {lure.folder}/made-by-{agent}", REFUSED, FILES, True),
        (f"make {state}/{other}/made-by-{agent}", REFUSED, FILES, True),
        (f"folder {lure.folder}/folder-of-{agent}", REFUSED, FILES, True),
        (f"signal {pid}", EPERM, SECCOMP, True),
        ("fork -", EPERM, SECCOMP, True),
        ("exec /bin/true", EPERM, SECCOMP, False),  # without a sandbox it would be the agent's end
        (f"trace {pid}", EPERM, SECCOMP, False),
        ("namespace -", EPERM, SECCOMP, False),
        (f"mount {lure.folder}", EPERM, SECCOMP, False),
        ("executable -", EPERM, SECCOMP, True),
        (f"bind {0}", REFUSED, PORTS, True),
        (f"abstract {lure.name}", EPERM, SCOPES, True),
    ]
    if agent != "mta":  # which goes to any server of the world
        table.append((f"connect {lure.port}", REFUSED, PORTS, True))
    if agent != "msa" or os.geteuid() != 0:  # msa reads /etc/passwd, as it is each time, so it has all of /etc
        table.append(("read /etc/shadow", REFUSED, FILES, os.geteuid() == 0))
    table += [(f"socket {family}", EPERM, SECCOMP, False) for family in (AF_PACKET, AF_ALG, AF_VSOCK)]
    table += [(f"call {number}", EPERM, SECCOMP, False) for number in (*CALLS.get(platform.machine(), ()), 425)]
    # What it needs stays: its own database, the published addresses.
    table += [(f"read {state}/{agent}/{agent}.db", (0,), SECCOMP, True),
              (f"read {state}/published/addresses.db", (0,), SECCOMP, True),
              (f"make {state}/{agent}/made-by-itself", (0,), SECCOMP, True),
              (f"unlink {state}/{agent}/made-by-itself", (0,), SECCOMP, True)]
    return table


def try_all(world, folder, lure, abi, tally):
    """Each agent makes its attempts; abi is None when there is no sandbox at all."""
    for agent in ALL:
        table = attempts(world, agent, lure)
        if abi is None:
            table = [row for row in table if row[3]]
        results = answers(world, agent, folder, [row[0] for row in table])
        for line, wanted, needed, _ in table:
            held = abi is not None and abi >= needed
            expected = wanted if held else (0,)
            tally.check(results.get(line) in expected,
                        f"{agent}, Landlock {abi}: {line}: {results.get(line)}, not {expected}; {world.agents[agent].last_words()}")


def answers(world, agent, folder, lines, seconds=20):
    """{line: errno}, from within the agent, which was started with variables()."""
    out = f"{folder}/{agent}.out"
    with open(f"{folder}/{agent}.probe", "w") as file:
        file.write("".join(f"{line}\n" for line in lines))
    open(out, "w").close()
    world.agents[agent].send(signal.SIGUSR2)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with open(out) as file:
            told = file.read().splitlines()
        if told and told[-1] == "end":
            return {line.rsplit(": ", 1)[0]: int(line.rsplit(": ", 1)[1]) for line in told[:-1]}
        time.sleep(0.02)
    return {}


def variables(library, folder, agent, abi):
    """Of the environment of an agent."""
    given = {"LD_PRELOAD": library, "FUTAR_PROBE": f"{folder}/{agent}.probe", "FUTAR_PROBE_OUT": f"{folder}/{agent}.out"}
    if abi is not None:
        given["FUTAR_LANDLOCK_ABI"] = str(abi)
    return given
