"""A step of the suite: a command whose output is shown and counted."""
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list = field(default_factory=list)  # of skips, in words
    failures: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.reasons += other.reasons
        self.failures += other.failures


# Our own scripts say "ok NAME", "FAIL NAME", "SKIPPED NAME: why"; ctest has its own form.
LINES = (
    (re.compile(r"^(?:ok|OK) "), "passed"),
    (re.compile(r"^FAIL "), "failed"),
    (re.compile(r"^SKIPPED "), "skipped"),
    (re.compile(r"^ *\d+/\d+ Test +#\d+: .* Passed "), "passed"),
    (re.compile(r"^ *\d+/\d+ Test +#\d+: .*\*\*\*"), "failed"),
)


TOTAL = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


def count_line(count, line):
    """A script's own total, its last line, stands for the lines that it counted."""
    if total := TOTAL.match(line.rstrip()):
        count.passed, count.failed, count.skipped = (int(number or 0) for number in total.groups())
        return
    for pattern, kind in LINES:
        if pattern.match(line):
            setattr(count, kind, getattr(count, kind) + 1)
            if kind == "skipped":
                count.reasons.append(line.removeprefix("SKIPPED ").strip())
            if kind == "failed":
                count.failures.append(line.strip())
            return


def run(name, command, seconds, environment=None, cwd=None):
    """Runs it with its output shown; a command that takes too long is ended and counts as failed."""
    count, late = Count(), False
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", cwd=cwd, env=os.environ | (environment or {}),
                               start_new_session=True)

    def too_late(*_):
        nonlocal late
        late = True
        os.killpg(process.pid, signal.SIGTERM)
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
        signal.alarm(20)

    signal.signal(signal.SIGALRM, too_late)
    signal.alarm(int(seconds))
    try:
        for line in process.stdout:
            sys.stdout.write("    " + line)
            sys.stdout.flush()
            count_line(count, line)
        status = process.wait()
    finally:
        signal.alarm(0)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
    if late or (status and not count.failed):
        count.failed += 1
        count.failures.append(f"{name}: " + (f"not done within {seconds} s" if late else f"status {status}"))
    elif not status and not (count.passed or count.failed or count.skipped):
        count.passed = 1
    return count


def timed(name, action):
    """Prints the step's name, runs it, prints its figures."""
    print(f"--- {name}", flush=True)
    began = time.monotonic()
    count = action()
    print(f"--- {name}: {count.passed} passed, {count.failed} failed, {count.skipped} skipped"
          f" in {time.monotonic() - began:.0f} s\n", flush=True)
    return count
