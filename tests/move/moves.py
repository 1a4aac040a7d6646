"""mda, msa and mta go to the other host, one after the other, and their old copies are started by mistake."""
import os
import subprocess

from hosts import AGENTS, DOMAIN, PASSWORD, STATUS_CONFIG, until


def link_is_up(host, agent):
    return until(lambda: host.status(agent).get("links", {}).get("mta", {}).get("up"), 15)


def begin(old, new, marks, tally):
    done = old.futar("link", "keys")
    tally.check(done.returncode == 0, f"futar link keys: {done.stderr}")
    for words in (("domain", "add", DOMAIN), ("user", "add", f"bob@{DOMAIN}", "--password-file", "-")):
        done = old.futar(*words, given=PASSWORD + "\n")
        tally.check(done.returncode == 0, f"futar {words}: {done.stderr}")
    for agent in AGENTS:
        old.start(agent)
    for agent in ("msa", "mda"):
        tally.check(link_is_up(old, agent), f"{agent} has no link: {old.log(agent)[-500:]}")
    old.exchange("first")
    old.submit("second")
    marks += ["first", "second"]
    came(old, marks, tally)


def came(host, marks, tally):
    """Exactly these are in the mailbox, each once, also a moment later."""
    until(lambda: len(host.mailbox("bob")) >= len(marks))
    until(lambda: len(host.mailbox("bob")) > len(marks), 1)
    tally.check(host.mailbox("bob") == sorted(marks), f"{host.name} has {host.mailbox('bob')}, not {sorted(marks)}")


def mda_moves(old, new, marks, tally):
    tally.check(old.stop("mda") == 0, "mda did not end in order")
    old.exchange("waits-for-mda")
    new.take("mda", old, "mail")
    new.start("mda")
    tally.check(link_is_up(new, "mda"), f"the moved mda has no link: {new.log('mda')[-500:]}")
    marks += ["waits-for-mda"]
    came(new, marks, tally)
    copy_is_refused(old, "mda", tally)
    old.exchange("after-mda")
    marks += ["after-mda"]
    came(new, marks, tally)
    tally.check("after-mda" not in old.mailbox("bob"), "the copy of mda delivered")
    old.stop("mda")


def msa_moves(old, new, marks, tally):
    old.stop("mta")  # mail waits in msa
    old.submit("waits-in-msa")
    tally.check(old.stop("msa") == 0, "msa did not end in order")
    new.take("msa", old)
    new.start("msa")
    old.start("mta")
    tally.check(link_is_up(new, "msa"), f"the moved msa has no link: {new.log('msa')[-500:]}")
    marks += ["waits-in-msa"]
    came(new, marks, tally)
    copy_is_refused(old, "msa", tally)
    new.submit("after-msa")
    marks += ["after-msa"]
    came(new, marks, tally)
    # Worse: the right one is away, so that mta takes the copy, which still holds what the right one has handed over.
    new.stop("msa")
    tally.check(link_is_up(old, "msa"), "the copy alone is not taken")
    came(new, marks, tally)
    old.stop("msa")
    new.start("msa")
    tally.check(link_is_up(new, "msa"), f"the right msa is not taken again: {new.log('msa')[-500:]}")
    new.submit("after-the-copy")
    marks += ["after-the-copy"]
    came(new, marks, tally)


def mta_moves(old, new, marks, tally):
    new.stop("mda")  # mail waits in mta
    old.exchange("waits-in-mta")
    tally.check(old.stop("mta") == 0, "mta did not end in order")
    with open(f"{old.root}/state/mta/moved", "w") as mark:
        mark.write("new.move.test\n")
    new.take("mta", old, "keys/submission.allowed", "keys/delivery.allowed")
    os.unlink(f"{new.root}/state/mta/moved")
    new.stop("msa")
    new.configure("new")  # the endpoints name another address now
    for agent in AGENTS:
        new.start(agent)
    for agent in ("msa", "mda"):
        tally.check(link_is_up(new, agent), f"{agent} has no link to the moved mta: {new.log(agent)[-500:]}")
    marks += ["waits-in-mta"]
    came(new, marks, tally)
    new.exchange("after-mta")
    new.submit("at-the-end")
    marks += ["after-mta", "at-the-end"]
    came(new, marks, tally)
    done = subprocess.run(old.command("futar-mta"), capture_output=True, text=True, timeout=30)
    tally.check(done.returncode == STATUS_CONFIG and "has moved to new.move.test" in done.stderr,
                f"the marked folder: {done.returncode} {done.stderr}")
    audit = new.futar("audit")
    tally.check(audit.returncode == 0, f"audit: {audit.stdout}{audit.stderr}")


def copy_is_refused(host, agent, tally):
    """It was left behind and is started by mistake, while the right one is connected."""
    host.start(agent)
    said = "a copy of its state folder is connected already, from new.move.test"
    tally.check(until(lambda: said in host.log(agent)), f"the copy of {agent} was not told: {host.log(agent)[-500:]}")
    tally.check(until(lambda: said in host.log("mta")), f"mta does not tell of the copy: {host.log('mta')[-500:]}")
    tally.check(until(lambda: f" ! {agent} is refused by mta: {said}" in host.futar("status").stdout),
                f"futar status: {host.futar('status').stdout}")
