"""The children: started so that they die with us, started again when they die before their time."""
import collections
import contextlib
import ctypes
import os
import signal
import subprocess
import time

from words import Failed, say

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
libc = ctypes.CDLL(None, use_errno=True)
SIGNALS = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
GRACE_S = 15


def adopt_orphans():
    """What our descendants leave behind becomes our child, so that end_descendants() finds it."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def in_child(parent):
    """Runs in a new child before exec, after it has changed user (which would clear the death signal)."""
    def prepare():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # the parent died in between
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    return prepare


def spawn(command, **options):
    return subprocess.Popen(command, preexec_fn=in_child(os.getpid()), **options)


class Daemon:
    """One server in the foreground, its stderr in a log file, in a session of its own (a Ctrl-C is not meant for it)."""

    def __init__(self, name, command, person, log):
        self.name, self.command, self.person, self.log = name, command, person, log
        self.deaths = collections.deque(maxlen=10)
        self.process = None
        self.start_at = None  # monotonic, when it waits for its next start

    def start(self):
        self.start_at = None
        with open(self.log, "ab") as log:
            self.person.own(self.log)
            self.process = spawn(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                 env=self.environment(), start_new_session=True, umask=0o077, **self.person.identity())

    def environment(self):
        """Ours, but for variables that would be settings or belong to a service manager."""
        kept = {k: v for k, v in self.person.environment().items() if not k.startswith(("FUTAR_", "LISTEN_"))}
        kept.pop("NOTIFY_SOCKET", None)
        return kept

    def has_ended(self):
        return self.process is not None and self.process.poll() is not None

    def watch(self, now):
        """Starts it again when it has died: at once, but after 10 deaths in 10 s with a pause that grows to 30 s."""
        if self.start_at is None and self.has_ended():
            self.deaths.append(now)
            often = len(self.deaths) == 10 and now - self.deaths[0] < 10
            self.pause = min(30, 2 * self.pause) if often else 0.5
            self.start_at = now + (self.pause if often else 0)
            say(self.name, f"{ending(self.process.returncode)}; started again" +
                (f" in {self.pause:.0f} s, its log: {self.log}" if often else ""), always=True)
        if self.start_at is not None and now >= self.start_at:
            self.start()

    pause = 0.5

    def tail(self):
        with contextlib.suppress(OSError), open(self.log, errors="replace") as log:
            return "".join(collections.deque(log, 12))
        return ""


def ending(returncode):
    return f"ended by {signal.Signals(-returncode).name}" if returncode < 0 else f"ended with status {returncode}"


def stop(daemons):
    """SIGTERM, the time of grace, SIGKILL."""
    alive = [d for d in daemons if d.process and d.process.poll() is None]
    for daemon in alive:
        # Its whole group: Dovecot's master waits seconds for helpers that it has not told itself.
        os.killpg(daemon.process.pid, signal.SIGTERM)
        os.killpg(daemon.process.pid, signal.SIGCONT)  # a test may have stopped it
    until = time.monotonic() + GRACE_S
    for daemon in alive:
        try:
            daemon.process.wait(max(0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(daemon.name, f"did not end within {GRACE_S} s and was killed", always=True)
            daemon.process.kill()
            daemon.process.wait()


def descendants():
    """Process ids below us, from /proc."""
    parents = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            parents[int(process)] = int(open(f"/proc/{process}/stat").read().rpartition(")")[2].split()[1])
    found = {os.getpid()}
    while grown := {p for p, parent in parents.items() if parent in found} - found:
        found |= grown
    return found - {os.getpid()}


def reap_orphans(known):
    """Takes the status of adopted children; those of `known` are left to their Popen."""
    with contextlib.suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid in known:
                return
            os.waitpid(ended.si_pid, 0)


def end_descendants():
    """Whatever COMMAND or Dovecot left running ends: first asked, then killed."""
    for number in [signal.SIGTERM] * 20 + [signal.SIGKILL] * 20:
        reap_orphans(set())
        left = descendants()
        if not left:
            return
        for process in left:
            with contextlib.suppress(OSError):
                os.kill(process, number)
        time.sleep(0.05)


class Interrupted(Exception):
    """SIGINT, SIGTERM or SIGHUP came; `info` is its siginfo."""

    def __init__(self, info):
        super().__init__(info.si_signo)
        self.info = info
        self.status = 128 + info.si_signo


class Supervisor:
    """Waits for signals while it keeps the daemons alive. All signals we care for are blocked and fetched here."""

    def __init__(self):
        self.daemons = []
        self.foreground = None
        adopt_orphans()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)

    def start(self, daemon, ready, seconds=20):
        """Starts it and waits until ready() says so. A daemon that ends meanwhile ends the front door."""
        daemon.start()
        self.daemons.append(daemon)
        self.wait_until(ready, f"{daemon.name} did not become ready within {seconds} s; its log: {daemon.log}", seconds)

    def wait_until(self, ready, failure, seconds=20):
        until = time.monotonic() + seconds
        while not ready():
            self.next_signal(0.02)
            for daemon in self.daemons:
                if daemon.has_ended():
                    raise Failed(f"{daemon.name} {ending(daemon.process.returncode)}:\n{daemon.tail()}")
            if time.monotonic() > until:
                raise Failed(failure)

    def next_signal(self, seconds):
        """A signal's siginfo or None after the time; SIGINT, SIGTERM and SIGHUP are raised as Interrupted."""
        info = signal.sigtimedwait(SIGNALS, seconds)
        if info and info.si_signo != signal.SIGCHLD:
            raise Interrupted(info)
        return info

    def keep(self, seconds):
        """One turn: sleeps until something happens, then mends what died."""
        self.next_signal(seconds)
        reap_orphans({child.pid for child in (self.foreground, *(d.process for d in self.daemons)) if child})
        now = time.monotonic()
        for daemon in self.daemons:
            daemon.watch(now)

    def run(self, command, environment):
        """COMMAND in the foreground, beside the daemons; returns its status as a shell would."""
        try:
            process = self.foreground = spawn(command, env=environment)
        except OSError as error:
            say("run", f"{command[0]}: {error.strerror}", always=True)
            return 127 if isinstance(error, FileNotFoundError) else 126
        while process.poll() is None:
            try:
                self.keep(0.25)
            except Interrupted as interrupted:
                return self._interrupt(process, interrupted.info)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _interrupt(self, process, info):
        """COMMAND hears the signal too: from the terminal, or from us when somebody sent it to us alone."""
        number = info.si_signo
        from_terminal = number == signal.SIGINT and info.si_code > 0  # SI_KERNEL
        if not from_terminal:
            process.send_signal(number)
        for then in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
                break
            process.send_signal(then)
        return 128 + number
