"""A whole Futár in one folder: config, accounts, and the three agents, started again at once when they die."""
import collections
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time

AGENTS = ("mta", "mda", "msa")
SENDER, PASSWORD = "sender", "7kd-qzm-2xw"
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


HANDED_OUT = set()


def can_be_bound(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """Ports of 127.0.0.1 that are free, each given once. None that the system gives to whoever connects somewhere
    (from 32768 on): such a one may be taken again before its agent binds it."""
    if len(HANDED_OUT) > 5000:
        HANDED_OUT.clear()
    ports = []
    for port in random.sample(range(24000, 31000), 7000):
        if len(ports) == count:
            return ports
        if port not in HANDED_OUT and can_be_bound(port):
            HANDED_OUT.add(port)
            ports.append(port)
    raise RuntimeError("no port is free")


def add_programs(parser):
    """The options of a test that say which programs it runs."""
    parser.add_argument("--build", default="dev", help="preset whose programs are used")
    parser.add_argument("--bin", help="folder of the programs, else that of the build")


def programs(arguments):
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return arguments.bin or f"{top}/build/{arguments.build}/bin"


class World:
    """Under `root`: disk/ (what a power cut may touch: state and mail), run/, log/ and futar.toml; `msa` and `mta` are
    further lines of their sections, `more` is further sections, `remote` what becomes of mail for others."""

    def __init__(self, programs, root, domain="crash.test", more="", msa="", mta="", remote='remote = "capture"',
                 hostname=""):
        self.programs, self.root, self.domain = os.path.abspath(programs), root, domain
        self.disk, self.mailboxes = f"{root}/disk", f"{root}/disk/mail"
        self.config, self.library = f"{root}/futar.toml", f"{self.programs}/../tests/libfutar_preload.so"
        self.mx_port, self.submission_port, self.submissions_port = free_ports(3)
        for folder in ("disk", "disk/state", "disk/mail", "run", "log"):
            os.makedirs(f"{root}/{folder}", mode=0o700, exist_ok=True)
        with open(self.config, "w") as out:
            out.write(CONFIG.format(root=root, hostname=hostname or f"mail.{domain}", mx=self.mx_port, submission=self.submission_port,
                                    submissions=self.submissions_port, msa=msa, mta=mta, remote=remote) + more)
        self.agents = {name: Agent(self, name) for name in AGENTS}

    def futar(self, *words, check=True, given=None, yes=True):
        """Runs the operator's program."""
        done = subprocess.run([f"{self.programs}/futar", "--config", self.config, *(["--yes"] if yes else []), *words], input=given,
                              capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"futar {' '.join(words)}: status {done.returncode}: {done.stderr or done.stdout}")
        return done

    def people(self, users, aliases=None):
        """Makes the domain, the accounts and the aliases (name -> list of users). Only SENDER has a password."""
        def address(name):
            return f"{name}@{self.domain}"
        document = {"domains": [self.domain],
                    "accounts": [{"address": address(user)} for user in ("captured", *users)],
                    "aliases": [{"alias": address(alias), "targets": [address(target) for target in targets]}
                                for alias, targets in (aliases or {}).items()]}
        self.futar("directory", "import", "/dev/stdin", given=json.dumps(document))
        self.futar("user", "add", address(SENDER), "--password-file", "-", given=PASSWORD + "\n")

    def start(self, variables=None, seconds=30, **of_agent):
        """Starts all agents and waits until they serve. Variables of the environment, for all and for single agents."""
        for name, agent in self.agents.items():
            agent.start({**(variables or {}), **of_agent.get(name, {})})
        for agent in self.agents.values():
            agent.wait_ready(seconds)

    def stop(self):
        for agent in self.agents.values():
            agent.stop()

    def waiting(self):
        """What msa and mta still have to do, as `futar status` counts it; None while one of them does not answer."""
        return json.loads(self.futar("status", "--json", check=False).stdout)["waiting"]

    def wait_drained(self, seconds=60, most=900):
        """Waits until nothing waits any more; returns what still does. Gives up when it has not become less for `seconds`.
        Asks twice: between the answers of two agents a message may have gone from the one to the other."""
        end = time.monotonic() + most
        until, least, before = time.monotonic() + seconds, None, None
        while True:
            left = self.waiting()
            if left is not None and (least is None or left < least):
                until, least = time.monotonic() + seconds, left
            if (left == 0 and before == 0) or time.monotonic() > min(until, end):
                return left
            before = left
            time.sleep(0.02)

    def audit(self):
        """(clean, words) of `futar audit`."""
        done = self.futar("audit", check=False)
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    def surprises(self):
        return [surprise for agent in self.agents.values() for surprise in agent.surprises]


CONFIG = """hostname = "{hostname}"
state_dir = "{root}/disk/state"
run_dir = "{root}/run"
[mta]
listen = ["127.0.0.1:{mx}"]
relay_networks = ["127.0.0.0/8"]
{remote}
retry_first = "1s"
retry_max = "2s"
{mta}
[msa]
listen = ["127.0.0.1:{submission}/starttls", "127.0.0.1:{submissions}/implicit"]
limit_hour = 0
limit_day = 0
{msa}
[mda]
mailboxes = "{root}/disk/mail"
[dns]
servers = []
[metrics]
msa = ""
mta = ""
mda = ""
"""


class Agent:
    """One agent under a supervisor thread that starts it again at once when it ends."""

    def __init__(self, world, name):
        self.world, self.name, self.programs = world, name, world.programs
        self.log = f"{world.root}/log/{name}.log"
        self.process, self.thread, self.stopping = None, None, False
        self.variables, self.next_variables = {}, {}  # for every start, for the next start alone
        self.expected = set()
        self.starts, self.surprises = 0, []
        self.deaths = collections.deque(maxlen=8)

    def start(self, variables):
        self.variables, self.stopping = variables, False
        begun = threading.Event()
        self.thread = threading.Thread(target=self._keep, args=(begun,), daemon=True)
        self.thread.start()
        begun.wait()

    def _keep(self, begun):
        while not self.stopping:
            try:
                self._spawn()
            finally:  # a program that is just being linked cannot start: who waits is to see it fail, not to hang
                begun.set()
            self._judge(self.process.wait())

    def _spawn(self):
        variables = {**self.variables, **self.next_variables}
        self.next_variables = {}
        self.expected = {-signal.SIGKILL} if variables.get("FUTAR_POINT", "").endswith(":kill") else set()
        if "FUTAR_FAULT" in variables:
            self.expected |= set(range(1, 126))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FUTAR_")}
        if variables:
            environment |= {"LD_PRELOAD": self.world.library, "FUTAR_RECORD_ROOT": self.world.disk, **variables}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [f"{self.programs}/futar-{self.name}", "--config", self.world.config], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=environment, preexec_fn=die_with_parent)
        self.starts += 1

    def _judge(self, ending):
        """After an ending: notes it when nobody expected it, and slows down when it happens again and again."""
        if not self.stopping and ending not in self.expected:
            self.surprises.append(f"{self.name} ended with status {ending}: {self.last_words()}")
        now = time.monotonic()
        self.deaths.append(now)
        if len(self.deaths) == self.deaths.maxlen and now - self.deaths[0] < 1:
            time.sleep(0.5)

    def last_words(self, count=4):
        with open(self.log, errors="replace") as log:
            return " / ".join(line.strip() for line in collections.deque(log, count))

    def is_ready(self):
        """Serves: it writes its pid file when its sockets, databases and link are up."""
        try:
            with open(f"{self.world.root}/run/{self.name}.pid") as file:
                return file.read().strip() == str(self.process.pid)
        except FileNotFoundError:
            return False

    def wait_ready(self, seconds=30):
        until = time.monotonic() + seconds
        while not self.is_ready():
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name} does not become ready: {self.last_words()}")
            time.sleep(0.005)

    def send(self, number):
        """Sends a signal, after which its ending is no surprise."""
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.expected |= {-number, 0}
        self.process.send_signal(number)

    def restart(self, number, variables):
        """Ends this incarnation with a signal; the next one gets these variables on top."""
        self.next_variables = variables
        self.send(number)

    def end_now(self):
        """Ends it at once and for good."""
        self.stopping = True
        while self.thread and self.thread.is_alive():  # it may be starting a new one right now
            self.process.kill()
            self.thread.join(0.2)
        self.thread = None

    def stop(self, seconds=20):
        """Ends it in order, as SIGTERM promises."""
        self.stopping = True
        if self.thread is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.send_signal(signal.SIGCONT)
        self.thread.join(seconds)
        if self.thread.is_alive():
            self.surprises.append(f"{self.name} did not end within {seconds} s of SIGTERM")
            self.process.kill()
            self.thread.join()
        elif self.process.returncode != 0:
            self.surprises.append(f"{self.name} ended with status {self.process.returncode} after SIGTERM: "
                                  + self.last_words())
        self.thread = None


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
