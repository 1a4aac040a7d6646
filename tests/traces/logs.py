"""What the agents logged, as pflogsumm counts it and fail2ban sees it; and the same as JSON."""
import glob
import json
import os
import re
import subprocess
import tempfile

import packages
from cases import Skip
from ground import BOB, HOME, STRANGER, ALICE, Wire
from packages import Unavailable, tree

AGENTS = ("msa", "mta", "mda")
LINE = re.compile(r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ futar[/-]\S+\[\d+\]: \S")


def fetch():
    """While there is a network; without one, what needs the packages is skipped."""
    try:
        packages.fetch("traces")
    except (Unavailable, OSError) as error:
        os.environ["FUTAR_TRACES_LACK"] = str(error)


def need(package):
    if not os.path.isdir(tree(package)):
        raise Skip(f"{package} cannot be had: {os.environ.get('FUTAR_TRACES_LACK', 'no network')}")


def check(ground, cases):
    cases.run("each line has the shape of syslog, and the address of whoever failed to log in", lambda: shapes(ground))
    cases.run("pflogsumm counts what was received, delivered, deferred, bounced and rejected", lambda: pflogsumm(ground))
    cases.run("fail2ban sees failed logins and refusals, and nothing else", lambda: fail2ban(ground))
    cases.run('log.format = "json": each line is an object, and mail has its fields', lambda: as_json(ground))


def written(ground):
    """All lines of the three, by time."""
    lines = []
    for agent in AGENTS:
        with open(f"{ground.root}/log/{agent}.log") as file:
            lines += [line.rstrip("\n") for line in file]
    return sorted((line for line in lines if not line.startswith("{")), key=lambda line: line[:15])


def shapes(ground):
    lines = written(ground)
    for line in lines:
        if not LINE.match(line):
            raise AssertionError(line)
    failed = [line for line in lines if "authentication failed" in line]
    if not failed or any(f"[{HOME}]" not in line for line in failed):
        raise AssertionError(f"{failed}")
    return f"{len(lines)} lines"


def figures_of(ground):
    """What pflogsumm should count, out of the traces of all messages, which know nothing of the log. Notifications of ours came
    through no door; more than one deferral of a message is one deferred message."""
    found = json.loads(ground.futar("--json", "trace", "--last", "1d").stdout)["messages"]
    messages = [one for one in found if one["state"] != "refused"]
    kinds = [event["kind"] for one in messages for event in one["events"]]
    notices = [one for one in messages if one["from"] in ("", "<>")]
    return {"received": len(messages) - len(notices), "delivered": kinds.count("delivered") + kinds.count("relayed"),
            "deferred": sum(any(event["kind"] == "deferred" for event in one["events"]) for one in messages),
            "bounced": kinds.count("bounced"),
            "rejected": sum(event["kind"] == "refused" for one in found for event in one["events"])}


def pflogsumm(ground):
    need("pflogsumm")
    truth, lines = figures_of(ground), written(ground)
    for prefix, name in (("", "futar"), ("futar-mta[9]: ", r"futar-m[dst]a\[\d+\]: futar")):  # a file; the journal
        text = summary([in_journal(line, prefix) for line in lines], name)
        told = {name: int(number) for number, name in re.findall(
            r"^ +(\d+) +(received|delivered|deferred|bounced|rejected)\b", text, re.MULTILINE)}
        if told != truth:
            raise AssertionError(f"pflogsumm {told}\nthe traces {truth}\n{text[:3000]}")
        if BOB not in text or "Greylisted" not in text:
            raise AssertionError(text)
    return ", ".join(f"{number} {name}" for name, number in told.items())


def summary(lines, name):
    root = tree("pflogsumm")
    libraries = [f"{root}/usr/share/perl5", *glob.glob(f"{root}/usr/lib/*/perl5/*")]
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        log.write("\n".join(lines) + "\n")
        log.flush()
        return subprocess.run(["perl", f"{root}/usr/sbin/pflogsumm", "--syslog-name", name, log.name], capture_output=True,
                              text=True, env=os.environ | {"PERL5LIB": ":".join(libraries)}).stdout


def fail2ban(ground):
    need("fail2ban")
    lines = written(ground)
    logins = [line for line in lines if "authentication failed:" in line]
    recipients = [line for line in lines if re.search(r"NOQUEUE: reject: RCPT from \S+: 550 5\.(1\.1|7\.1) ", line)]
    others = [line for line in lines if re.search(r"NOQUEUE: reject: DATA from \S+: 550 5\.(7\.1|6\.11) ", line)]
    if not logins or len(recipients) < 2 or len(others) < 2 or not any("status=sent" in line for line in lines):
        raise AssertionError(f"{len(logins)} {len(recipients)} {len(others)}")
    for mode, wanted in (("auth", logins), ("normal", logins + recipients), ("aggressive", logins + recipients + others)):
        for prefix in ("", "futar-mta[9]: "):  # as a file has it, and as the journal
            seen = matched(ground, mode, [in_journal(line, prefix) for line in lines])
            if sorted(seen) != sorted(in_journal(line, prefix) for line in wanted):
                raise AssertionError(f"{mode}, {prefix or 'file'}: {len(seen)} of {len(wanted)}\n" + "\n".join(seen))
    return f"{len(logins)} logins, {len(recipients)} recipients, {len(others)} messages of {len(lines)} lines"


def in_journal(line, prefix):
    return re.sub(r" (futar/)", rf" {prefix}\1", line, count=1) if prefix else line


def matched(ground, mode, lines):
    """The lines that the filter takes for a failure; the addresses that it finds in them are those of the clients."""
    root, top = tree("fail2ban"), packages.TOP
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/filter.d")
        for name in ("common.conf", "common.local"):
            source = f"{root}/etc/fail2ban/filter.d/{name}"
            if os.path.exists(source):
                os.symlink(source, f"{folder}/filter.d/{name}")
        os.symlink(f"{top}/deploy/fail2ban/futar.conf", f"{folder}/filter.d/futar.conf")
        for name in ("fail2ban.conf", "jail.conf", "paths-debian.conf", "paths-common.conf"):
            os.symlink(f"{root}/etc/fail2ban/{name}", f"{folder}/{name}")
        with open(f"{folder}/log", "w") as out:
            out.write("\n".join(lines) + "\n")
        done = subprocess.run(["/usr/bin/python3", f"{root}/usr/bin/fail2ban-regex", "-c", folder, "--print-all-matched",
                               f"{folder}/log", f"futar[mode={mode}]"], capture_output=True, text=True,
                              env=os.environ | {"PYTHONPATH": f"{root}/usr/lib/python3/dist-packages"})
        if done.returncode not in (0, 1) or "Matched line(s)" not in done.stdout and "0 matched" not in done.stdout:
            raise AssertionError(f"{done.returncode}\n{done.stdout}\n{done.stderr}")
    block = done.stdout.partition("|- Matched line(s):")[2].partition("`-")[0]
    return [line.removeprefix("|  ").rstrip() for line in block.splitlines() if line.startswith("|  ")]


def as_json(ground):
    for agent in AGENTS:
        ground.restart(agent, log="json")
    id = ground.submit(BOB)
    ground.wait_state(id, "delivered")
    Wire().ask("EHLO client.example", "MAIL FROM:<mallory@elsewhere.example>", "RCPT TO:<nobody@example.org>")
    for agent in AGENTS:
        ground.restart(agent, log="postfix")  # which also ends what is buffered
    objects = []
    for agent in AGENTS:
        with open(f"{ground.root}/log/{agent}.log") as file:
            objects += [json.loads(line) for line in file if line.startswith("{")]
    mail = [one for one in objects if one.get("id") == id]
    kinds = {one["kind"] for one in mail}
    if not {"accepted", "taken over", "delivered"} <= kinds:
        raise AssertionError(f"{kinds}")
    accepted, delivered = ([one for one in mail if one["kind"] == kind][0] for kind in ("accepted", "delivered"))
    if accepted["login"] != ALICE or delivered["recipient"] != BOB or delivered["folder"] != "INBOX":
        raise AssertionError(f"{accepted} {delivered}")
    if not any(one.get("kind") == "refused" and one["client"] == STRANGER for one in objects):
        raise AssertionError("the refusal is not there")
    return f"{len(objects)} objects"
