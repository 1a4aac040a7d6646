"""Builds the release tree: cmake once, then ninja with a progress bar. One build at a time in a checkout."""
import contextlib
import fcntl
import os
import re
import subprocess
import sys
import time

from words import Failed, plain, say
import words

PROGRAMS = ("futar-msa", "futar-mta", "futar-mda", "futar")
MEMORY_A_JOB = 1.5 * 2**30
BAR = 20


def memory():
    """Octets that we may use: the machine's, or the container's if that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(open(limit).read()))
    return total


def jobs():
    return max(1, min(len(os.sched_getaffinity(0)), int(memory() // MEMORY_A_JOB)))


def folder(checkout, preset="release"):
    return f"{checkout}/build/{preset}"


@contextlib.contextmanager
def locked(checkout, builder):
    """Holds build/.lock, so that two front doors do not build into each other."""
    os.makedirs(f"{checkout}/build", exist_ok=True)
    builder.own(f"{checkout}/build")
    with open(f"{checkout}/build/.lock", "a") as lock:
        builder.own(lock.name)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("build", "waits for another build in this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def configure(checkout, builder, preset):
    if os.path.exists(f"{folder(checkout, preset)}/build.ninja"):
        return
    say("build", f"cmake --preset {preset}")
    command = ["cmake", "--preset", preset]
    deps = f"{checkout}/build/deps/usr"
    if os.path.exists(f"{deps}/include/boost"):  # see unpack_boost in install.sh
        command += [f"-DCMAKE_PREFIX_PATH={deps}"]
    done = subprocess.run(command, cwd=checkout, env=builder.environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          **builder.identity())
    if done.returncode:
        plain(done.stdout[-4000:])
        raise Failed("cmake could not configure the tree; its words stand above")


class Bar:
    """One line that is rewritten on a terminal; elsewhere a line a minute."""

    def __init__(self, job_count, promise):
        self.jobs = job_count
        self.promise = promise
        self.began = time.monotonic()
        self.said = self.began - 50
        self.terminal = sys.stderr.isatty()
        self.drawn = False

    def show(self, done, total):
        now = time.monotonic()
        if words.quiet or total < 3 or (not self.terminal and now - self.said < 60):
            return
        self.said = now
        full = BAR * done // total
        line = f"build     [{'#' * full}{'.' * (BAR - full)}] {100 * done // total:3} %  {self.jobs} jobs"
        if done > 10 and now - self.began > 10:
            left = (now - self.began) / done * (total - done)
            line += f", about {left / 60:.0f} min left" if left > 90 else f", about {left:.0f} s left"
            line += self.promise
        print(f"\r{line}\033[K" if self.terminal else line, end="" if self.terminal else "\n", file=sys.stderr, flush=True)
        self.drawn = True

    def end(self):
        if self.drawn and self.terminal:
            print(file=sys.stderr)


def ninja(checkout, builder, preset, targets):
    """Builds the targets; the words of ninja are shown only when it fails."""
    job_count = jobs()
    command = ["ninja", "-C", folder(checkout, preset), f"-j{job_count}", *targets]
    bar = Bar(job_count, " (the next start: 2 s)" if targets == PROGRAMS else "")
    told = []
    with subprocess.Popen(command, env=builder.environment() | {"NINJA_STATUS": "[%f/%t] "}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          **builder.identity()) as process:
        for line in process.stdout:
            step = re.match(r"\[(\d+)/(\d+)\] ", line)
            if step:
                bar.show(int(step[1]), int(step[2]))
            else:
                told = (told + [line.rstrip()])[-60:]
    bar.end()
    if process.returncode:
        plain("\n".join(told))
        raise Failed("the build failed; the compiler's words stand above")


def build(checkout, builder, preset="release", targets=PROGRAMS):
    with locked(checkout, builder):
        configure(checkout, builder, preset)
        ninja(checkout, builder, preset, targets)
