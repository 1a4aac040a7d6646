"""Builds and tests Futár, one tree after the other; tests/run, its bash front, has installed what this needs."""
import os
import shutil
import sys
import time
from dataclasses import dataclass
from typing import Callable

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{TOP}/deploy/local/front")

import build  # noqa: E402
import people  # noqa: E402
from step import Count, run, timed  # noqa: E402
from words import Failed  # noqa: E402

# Threads and shared memory live in these; all else runs on one thread.
THREADED = ("store", "zmq", "proto_link", "net")


def make(preset, *targets):
    """A step that builds; `targets` may be few: a whole tree is never needed."""
    def action():
        count = Count()
        try:
            build.build(TOP, people.Person.of(os.geteuid()), preset, targets)
            count.passed = 1
        except Failed as failure:
            count.failed = 1
            count.failures.append(f"build {preset}: {failure}")
        return count
    return action


def ctest(preset, *words, seconds=1200):
    sanitizers = {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1", "UBSAN_OPTIONS": "print_stacktrace=1",
                  "TSAN_OPTIONS": f"suppressions={TOP}/tests/suite/tsan.supp"}
    command = ["ctest", "--test-dir", build.folder(TOP, preset), f"-j{build.jobs()}", "--output-on-failure",
               "--no-tests=error", *words]
    return lambda: run("ctest", command, seconds, sanitizers)


def script(path, *words, seconds=600):
    return lambda: run(path, [f"{TOP}/{path}", *words], seconds)


def fuzz(seconds_each):
    """Each fuzz target for a while, from the seeds in the tree; what it finds is kept in build/fuzz/found."""
    def action():
        count = Count()
        found = f"{TOP}/build/fuzz/found"
        os.makedirs(found, exist_ok=True)
        for name in sorted(os.listdir(f"{TOP}/tests/fuzz/targets")):
            name = name.removesuffix(".cmake")
            corpus = f"{TOP}/build/fuzz/corpus/{name}"
            os.makedirs(corpus, exist_ok=True)
            count.add(run(f"fuzz {name}", [
                f"{build.folder(TOP, 'fuzz')}/tests/fuzz_{name}", f"-max_total_time={seconds_each}", "-timeout=10",
                "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={found}/{name}-",
                corpus, f"{TOP}/tests/fuzz/seeds/{name}"], seconds_each + 120))
        return count
    return action


def many_spf_records():
    """The units run 500 of them."""
    return run("spf-records", [f"{build.folder(TOP, 'asan')}/tests/test_common_spf", "-tc=generated*"], 1200,
               {"FUTAR_SPF_RECORDS": "20000"})


def tidy():
    command = ["run-clang-tidy-19", "-p", build.folder(TOP, "dev"), "-quiet", f"-j{build.jobs()}",
               f"^{TOP}/(common|proto|msa|mta|mda|deploy)/"]
    return run("clang-tidy", command, 5400)


@dataclass
class Step:
    name: str
    kinds: str  # of the runs that it belongs to: f(ast), d(efault), a(ll)
    words: str
    action: Callable


STEPS = [
    Step("lint", "fda", "rules that a machine can check", script("tests/lint/run")),
    Step("build-dev", "f", "the dev tree", make("dev", "all")),
    Step("units-dev", "f", "unit tests and fuzz seeds", ctest("dev")),
    Step("build-asan", "da", "the tree under address and undefined behaviour sanitizers", make("asan", "all")),
    Step("units", "da", "unit tests and fuzz seeds", ctest("asan")),
    Step("crash", "d", "a short run of kills, on the asan build", script("tests/crash/run", "--build", "asan", "--short")),
    Step("power", "d", "a short run of power cuts, on the asan build", script("tests/power/run", "--build", "asan", "--short")),
    Step("build-release", "da", "the four programs as users run them", make("release", *build.PROGRAMS, "futar_probe")),
    Step("door", "da", "the front door and its manners", script("tests/clients/front_door.py")),
    Step("judge", "da", "futar check and futar sign, the examples of the RFCs, published cases", script("tests/judge/run")),
    Step("clients", "da", "real mail programs, real mail, smuggling", script("tests/clients/run", seconds=1200)),
    Step("memory", "d", "idle sessions, large messages, clients that never stop: a short run",
         script("tests/memory/run", "--short")),
    Step("users", "da", "three agents, an operator and a stranger as users of their own",
         script("tests/users/run", "--build", "release")),
    Step("host", "da", "systemd units, and restarts under load that refuse no connection",
         script("tests/host/run", "--build", "release")),
    Step("sandbox", "da", "what an agent tries from within and cannot, on this Landlock and older ones",
         script("tests/sandbox/run", "--build", "release")),
    Step("move", "a", "an agent goes to another host with its folder and keys",
         script("tests/move/run", "--build", "release")),
    Step("versions", "a", "the release before beside this one, agent by agent",
         script("tests/versions/run", "--build", "release", seconds=5400)),
    Step("audit", "da", "faults planted into the databases, and their repair", script("tests/audit/run", "--build", "release")),
    Step("history", "da", "what finds a message, and an address that is forgotten", script("tests/history/run", "--build", "release")),
    Step("backup", "a", "a backup under full load, put back beside the old machine", script("tests/backup/run", "--build", "release")),
    Step("build-tsan", "da", "the threaded parts under the thread sanitizer",
         make("tsan", *(f"test_{'' if name.startswith('proto') else 'common_'}{name}" for name in THREADED))),
    Step("threads", "da", "their unit tests", ctest("tsan", "-R", f"^(common_)?({'|'.join(THREADED)})$")),
    Step("spf-records", "a", "20 000 generated SPF records, the two engines against each other", many_spf_records),
    Step("kills", "a", "300 kills", script("tests/crash/run", seconds=5400)),
    Step("cuts", "a", "500 power cuts", script("tests/power/run", seconds=5400)),
    Step("memory-full", "a", "5000 idle sessions, 100 times 50 MiB at once", script("tests/memory/run", seconds=3600)),
    Step("traces", "da", "traces of twenty situations, pflogsumm, fail2ban, Prometheus",
         script("tests/traces/run", "--build", "release")),
    Step("packages", "a", "the Debian packages: installed, upgraded and downgraded under load, purged",
         script("tests/packages/run", seconds=7200)),
    Step("arm64", "a", "the Debian packages for the Raspberry Pi, their programs emulated by qemu",
         script("tests/arm64/run", seconds=5400)),
    Step("manual", "a", "the pages of deploy/, typed on a fresh Debian", script("tests/manual/run", seconds=5400)),
    Step("bare", "a", "the front door on a Debian that has only git and sudo", script("tests/bare/run", seconds=7200)),
    Step("containers", "a", "the image and the compose stack on an engine of its own",
         script("tests/containers/run", seconds=7200)),
    Step("world", "a", "Futár among Postfix, Exim and OpenSMTPD", script("tests/world/run", seconds=3600)),
    Step("build-fuzz", "a", "the fuzz targets", make("fuzz", "all")),
    Step("fuzz", "a", "each fuzz target for two minutes", fuzz(120)),
    Step("bench", "a", "the cost of a message, beside Postfix", script("tests/bench/run", seconds=3600)),
    Step("configure-dev", "a", "what clang-tidy reads", make("dev", "all")),
    Step("tidy", "a", "clang-tidy with the small set of .clang-tidy", tidy),
]


def as_owner():
    """Root in somebody else's checkout tests as its owner, and leaves nothing of root's there."""
    builder, _ = people.choose(TOP)
    if os.geteuid() != builder.uid:
        os.environ.update({"HOME": builder.home, "USER": builder.name, "LOGNAME": builder.name})
        os.initgroups(builder.name, builder.gid)
        os.setgid(builder.gid)
        os.setuid(builder.uid)


def chosen(words):
    if not words:
        return [step for step in STEPS if "d" in step.kinds]
    if words[0] in ("--fast", "--all"):
        return [step for step in STEPS if words[0][2] in step.kinds]
    if words[0] == "--list":
        for step in STEPS:
            print(f"{step.name:14} {step.words}")
        sys.exit(0)
    names = {step.name: step for step in STEPS}
    return [names.get(word) or Step(f"units-{word}", "", "", ctest("dev", "-R", word)) for word in words]


def main(words):
    steps = chosen(words)
    if any(step.name not in {s.name for s in STEPS} for step in steps):
        steps.insert(0, next(step for step in STEPS if step.name == "build-dev"))
    as_owner()
    if shutil.which("ccache"):
        os.environ.setdefault("CCACHE_MAXSIZE", "5G")
    total, began, broken = Count(), time.monotonic(), None
    for step in steps:
        if broken and step.name in DEPENDS.get(broken, ()):
            total.skipped += 1
            total.reasons.append(f"{step.name}: {broken} failed")
            continue
        count = timed(f"{step.name}: {step.words}", step.action)
        if step.name.startswith("build") and count.failed:
            broken = step.name
        total.add(count)
    for reason in total.reasons:
        print(f"skipped  {reason}")
    for failure in total.failures:
        print(f"failed   {failure}")
    print(f"took {(time.monotonic() - began) / 60:.1f} minutes")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed or not total.passed else 0


DEPENDS = {
    "build-dev": ("units-dev", "tidy"), "build-asan": ("units", "crash", "power", "spf-records"),
    "build-release": ("door", "audit", "history", "backup", "judge", "clients", "users", "host", "sandbox", "move", "versions", "kills", "cuts", "traces", "world", "bench", "memory", "memory-full"),
    "build-tsan": ("threads",),
    "build-fuzz": ("fuzz",),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
