"""Sockets that outlive the agents: restarts under load, and what the supervisor is told."""
import asyncio
import collections
import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import threading
import time

from letters import Post
from load import Door, Load
from tally import compare, sightings_in
from world import PASSWORD, SENDER, Agent, World, die_with_parent

DOMAIN = "host.test"
USERS = ["ann", "ben", "cleo"]
# LISTEN_PID names the process itself, which a shell knows of itself.
HAND_OVER = 'for f in $FUTAR_SOCKETS; do n=$((${n-2} + 1)); eval "exec $n<&$f"; done; LISTEN_FDS=$((n - 2)) LISTEN_PID=$$ exec "$@"'


class Supervised(Agent):
    """As systemd keeps it: the sockets are made before it and stay, it tells how it is."""

    def __init__(self, world, name, ports):
        super().__init__(world, name)
        self.sockets = []
        for port in ports:
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
            one.listen(4096)
            # Above the numbers from 3 on, where they shall be.
            self.sockets.append(fcntl.fcntl(one.detach(), fcntl.F_DUPFD, 200))

    def _spawn(self):
        self.expected = {0}  # futar restart
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", HAND_OVER, "bash", f"{self.world.programs}/futar-{self.name}", "--config", self.world.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent, pass_fds=self.sockets,
                env=os.environ | self.variables | {"FUTAR_SOCKETS": " ".join(map(str, self.sockets))})
        self.starts += 1


class Prober:
    """Connects all the time and reads the greeting; an error is a refused connection."""

    def __init__(self, port):
        self.port, self.greeted, self.slowest, self.refused, self.stopped = port, 0, 0.0, [], False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopped:
            began = time.monotonic()
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=30) as one:
                    greeting = one.recv(512)
                    if greeting.startswith((b"220 ", b"421 ")):
                        self.greeted += 1
                    else:
                        self.refused.append(f"greeting {greeting!r}")
                    one.sendall(b"QUIT\r\n")
            except OSError as error:
                self.refused.append(str(error))
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.002)

    def end(self):
        self.stopped = True
        self.thread.join()


async def restart_all(world, load, agents, times):
    sending = asyncio.create_task(load.run())
    for _ in range(times):
        for name in agents:
            agent = world.agents[name]
            before = agent.starts
            await asyncio.to_thread(world.futar, "restart", name)
            while agent.starts == before or not agent.is_ready():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
    load.stop()
    await sending


def restarts_refuse_nobody(programs, root, tally, times):
    world = World(programs, root, DOMAIN)
    world.people(USERS)
    told = listen_to_agents(f"{root}/run/notify")
    for name, ports in (("mta", [world.mx_port]), ("msa", [world.submission_port, world.submissions_port])):
        world.agents[name] = Supervised(world, name, ports)
    world.start(variables={"NOTIFY_SOCKET": f"{root}/run/notify", "WATCHDOG_USEC": "200000"}, mda={})
    probers = [Prober(world.mx_port), Prober(world.submission_port)]
    load = Load(Post("host", DOMAIN, USERS, seed=1),
                [Door(world.mx_port, "ex@outside.test"), Door(world.submission_port, f"{SENDER}@{DOMAIN}", PASSWORD)])
    asyncio.run(restart_all(world, load, ("mta", "msa"), times))
    for prober in probers:
        prober.end()
        tally.check(not prober.refused, f"{len(prober.refused)} connections refused at {prober.port}: {prober.refused[:3]}")
        tally.check(prober.greeted > 2 * times, f"only {prober.greeted} greetings at {prober.port}")
        tally.notes[f"connections greeted while the agents restarted, slowest {prober.slowest:.2f} s"] += prober.greeted
    left = world.wait_drained()
    tally.check(left == 0, f"{left} still wait")
    compare(load.letters, sightings_in(world.mailboxes), tally)
    clean, words = world.audit()
    tally.check(clean, f"audit: {words}")
    time.sleep(0.3)
    world.stop()
    tally.check(not world.surprises(), "\n".join(world.surprises()))
    for state, least in (("READY=1", 2 * times + 2), ("STOPPING=1", 2 * times + 2), ("WATCHDOG=1", 2 * times)):
        tally.check(told[state] >= least, f"{state} was told {told[state]} times, not {least}")
    tally.notes["restarts of an agent"] += 2 * times


def listen_to_agents(path):
    """Counts what comes to NOTIFY_SOCKET."""
    told, supervisor = collections.Counter(), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    supervisor.bind(path)

    def read():
        while True:
            told[supervisor.recv(256).decode()] += 1
    threading.Thread(target=read, daemon=True).start()
    return told


def started_by_the_first_client(programs, root, tally):
    """systemd-socket-activate speaks the protocol as systemd does."""
    if not shutil.which("systemd-socket-activate"):
        print("SKIPPED systemd-socket-activate: not here")
        return
    world = World(programs, root, DOMAIN)
    world.people(USERS)
    with open(f"{root}/log/mta.log", "ab") as log:
        process = subprocess.Popen(["systemd-socket-activate", "-l", f"127.0.0.1:{world.mx_port}", f"{programs}/futar-mta",
                                    "--config", world.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 20
        greeting = b""
        while not greeting and time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", world.mx_port), timeout=20) as one:
                greeting = one.recv(512)
        tally.check(greeting.startswith(b"220 "), f"no greeting: {greeting!r} {world.agents['mta'].last_words()}")
    finally:
        process.terminate()
        tally.check(process.wait(20) == 0, f"ended with status {process.returncode}")
