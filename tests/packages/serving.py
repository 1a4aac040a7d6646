"""A machine that runs Futár under systemd: local mail, restarts, an upgrade and the way back, all under load."""
import asyncio
import json
import sqlite3
import time
from pathlib import Path

import packages
from installed import AGENTS, DOMAIN
from letters import Post
from load import Door, Load
from passing import Prober
from tally import compare, sightings_in

USERS, SENDER, PASSWORD = ["ben", "cleo", "dora"], "sender", "7kd-qzm-2xw"
# What else a config would say on a machine that talks to nobody, and sends more than a person does.
SETTINGS = ("dns.servers=[]", "mta.remote=hold", "msa.limit_hour=0", "msa.limit_day=0")
MAILBOXES = "var/mail/futar"
OLDEST = "SELECT value FROM meta WHERE key = 'oldest_reader'"
UNITS = [f"futar-{agent}.service" for agent in AGENTS]


def begin(guest, tally):
    """Nothing runs before futar init; then all of it does."""
    for unit in (*UNITS, "futar-msa.socket", "futar-mta.socket"):
        tally.check(state(guest, unit) == "inactive", f"{unit} is {state(guest, unit)} without a config")
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    guest.run("futar", "--yes", "init", DOMAIN, "--user", "ann", "--password-file", "-", *settings, given=PASSWORD + "\n")
    people = {"domains": [DOMAIN], "accounts": [{"address": f"{user}@{DOMAIN}"} for user in USERS], "aliases": []}
    guest.run("futar", "directory", "import", "/dev/stdin", given=json.dumps(people))
    guest.run("futar", "user", "add", f"{SENDER}@{DOMAIN}", "--password-file", "-", given=PASSWORD + "\n")
    guest.run("systemctl", "start", "futar.target")
    for unit in UNITS:
        until(lambda unit=unit: state(guest, unit) == "active")
        told = guest.run("journalctl", "-u", unit, "-n", "20", "--no-pager").stdout
        tally.check(state(guest, unit) == "active", f"{unit}: {told}")


def state(guest, unit):
    return guest.run("systemctl", "is-active", unit, check=False).stdout.strip()


def until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.1)


def texts(guest, user):
    return [file.read_text(errors="replace") for file in Path(guest.path(f"{MAILBOXES}/{DOMAIN}/{user}/new")).glob("*")]


def local_mail(guest, tally):
    """Programs of the machine: sendmail, mail to root, and what cron says."""
    Path(guest.path("etc/cron.d/speaks")).write_text("* * * * * root echo cron speaks\n")
    guest.run("chmod", "0644", "/etc/cron.d/speaks")
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    guest.run(*as_nobody, "/usr/sbin/sendmail", "-i", f"ann@{DOMAIN}", given="Subject: by sendmail\n\nhello\n")
    until(lambda: any("by sendmail" in text for text in texts(guest, "ann")))
    tally.check(sum("by sendmail" in text for text in texts(guest, "ann")) == 1, f"sendmail's message: {texts(guest, 'ann')}")
    tally.check(guest.run("/usr/bin/mailq").returncode == 0, "mailq")
    Path(guest.path("etc/aliases")).write_text("# as Debian has it\nwebmaster: ann\n")
    told = guest.run("newaliases", check=False)
    tally.check(told.returncode == 0, f"newaliases: {told.stdout}")
    guest.run("/usr/sbin/sendmail", "webmaster", given="Subject: by an alias\n\nhello\n")
    until(lambda: any("by an alias" in text for text in texts(guest, "ann")))
    tally.check(any("by an alias" in text for text in texts(guest, "ann")), "an alias of /etc/aliases leads nowhere")


def cron_speaks(guest, tally):
    """It had a minute meanwhile; mail for root goes to the first account."""
    until(lambda: any("cron speaks" in text for text in texts(guest, "ann")), 75)
    Path(guest.path("etc/cron.d/speaks")).unlink()
    tally.check(any("cron speaks" in text for text in texts(guest, "ann")),
                "cron's mail did not come: " + guest.run("journalctl", "-t", "CRON", "-n", "5", "--no-pager").stdout)


class Traffic:
    """Mail by 25 and 587 from two sessions, and connections all the time; a `with` around what must disturb neither."""

    def __init__(self, guest, seed):
        self.guest, self.load = guest, None
        self.post = Post(f"packages-{seed}", DOMAIN, USERS, seed)

    async def during(self, work, *arguments):
        self.probers = [Prober(25), Prober(587)]
        self.load = Load(self.post, [Door(25, "ex@outside.test"), Door(587, f"{SENDER}@{DOMAIN}", PASSWORD)])
        sending = asyncio.create_task(self.load.run())
        try:
            await asyncio.to_thread(work, self.guest, *arguments)
        finally:
            self.load.stop()
            await sending
            for prober in self.probers:
                prober.end()

    def judge(self, tally, words):
        for prober in self.probers:
            refused = len(prober.refused)
            tally.check(not refused, f"{words}: {refused} connections refused at {prober.port}: {prober.refused[:3]}")
            tally.check(prober.greeted > 20, f"{words}: only {prober.greeted} greetings at {prober.port}")
            tally.notes[f"connections greeted at {prober.port} during {words}, slowest {prober.slowest:.2f} s"] += prober.greeted
        tally.notes[f"letters acked during {words}"] += sum(letter.state == "acked" for letter in self.load.letters)


def started(guest):
    """When each agent started, in µs of the machine's clock."""
    show = ("systemctl", "show", "--property=ExecMainStartTimestampMonotonic", "--value")
    return {agent: int(guest.run(*show, f"futar-{agent}").stdout) for agent in AGENTS}


def restart(guest, times):
    for number in range(times):
        agent = ("mta", "msa")[number % 2]
        before = started(guest)[agent]
        guest.run(*(("futar", "restart", agent) if number % 4 < 2 else ("systemctl", "restart", f"futar-{agent}")))
        until(lambda agent=agent, before=before: started(guest)[agent] > before and state(guest, f"futar-{agent}") == "active")


def exchange(guest, paths):
    guest.run("dpkg", "--install", *paths)
    time.sleep(1)


def exchanged(guest, before, number, tally, words):
    after = started(guest)
    tally.check(all(after[agent] > before[agent] for agent in AGENTS), f"{words}: not all restarted: {before} {after}")
    tally.check(after["mda"] < after["mta"] < after["msa"], f"{words}: not one after the other: {after}")
    told = guest.run("dpkg-query", "--show", "--showformat", "${Version}", "futar-mta").stdout
    tally.check(told == number, f"{words}: version {told}")
    for unit in UNITS:
        tally.check(state(guest, unit) == "active", f"{words}: {unit} is {state(guest, unit)}")


def all_mail_there(guest, letters, tally):
    def waiting():
        return json.loads(guest.run("futar", "--json", "status", check=False).stdout or "{}").get("waiting")
    until(lambda: waiting() == 0, 120)
    tally.check(waiting() == 0, f"still waiting: {waiting()}")
    mailboxes = [seen for seen in sightings_in(guest.path(MAILBOXES)) if seen[0] in USERS]
    compare(letters, mailboxes, tally)
    audit = guest.run("futar", "audit", check=False)
    tally.check(audit.returncode == 0, f"audit: {audit.stdout}")


def protected(guest, tally):
    for agent in AGENTS:
        told = guest.run("systemd-analyze", "security", "--no-pager", f"futar-{agent}.service", check=False).stdout
        level = float(told.rsplit("exposure level for", 1)[-1].split(":")[1].split()[0])
        print(f"        exposure of futar-{agent}: {level}")
        tally.check(level <= 1.5, f"futar-{agent} is exposed {level}\n{told}")


def set_schema(guest, version, oldest):
    database = sqlite3.connect(guest.path("var/lib/futar/mta/mta.db"))
    before = database.execute("PRAGMA user_version").fetchone()[0], database.execute(OLDEST).fetchone()[0]
    database.execute(f"PRAGMA user_version = {version}")
    database.execute("UPDATE meta SET value = ? WHERE key = 'oldest_reader'", (oldest,))
    database.commit()
    database.close()
    return before


def refuses_what_it_may_not_read(guest, tally):
    """A database of a later release that says so: the agent says why and stays down; as soon as it may read, it serves."""
    unit, socket = "futar-mta.service", "futar-mta.socket"
    guest.run("systemctl", "stop", socket, unit)
    before = set_schema(guest, 99, b"98")
    guest.run("systemctl", "start", unit, check=False)
    until(lambda: state(guest, unit) == "failed")
    status = guest.run("systemctl", "show", "--property=ExecMainStatus", "--value", unit).stdout.strip()
    words = guest.run("journalctl", "--unit", unit, "-n", "5", "--no-pager").stdout
    tally.check((state(guest, unit), status) == ("failed", "78"), f"a newer database: {state(guest, unit)}, {status}: {words}")
    tally.check("may not read (98 may)" in words, f"a newer database is not told: {words}")
    set_schema(guest, 99, before[1])
    guest.run("systemctl", "start", socket, unit)
    tally.check(state(guest, unit) == "active", "a newer database that this release may read is refused")


def take_away(guest, tally):
    """Removed while it runs: agents and sockets go, and purging then leaves the mailboxes."""
    guest.run("dpkg", "--remove", *packages.ALL)
    for unit in (*UNITS, "futar-msa.socket", "futar-mta.socket"):
        tally.check(state(guest, unit) in ("inactive", "failed"), f"{unit} is {state(guest, unit)} after removing")
    letters = len(list(sightings_in(guest.path(MAILBOXES))))
    words = guest.run("dpkg", "--purge", *packages.ALL).stdout
    tally.check(len(list(sightings_in(guest.path(MAILBOXES)))) == letters > 0, "purging took mail")
    tally.check("/var/mail/futar" in words, f"purging does not say where mail is: {words}")
    for path in ("/var/lib/futar", "/etc/futar", "/run/futar"):
        gone = guest.run("test", "-e", path, check=False).returncode == 1
        tally.check(gone, f"purging left {path}, though no mail waited: {words}")


def traffic(guest, tally, seed, words, work, *arguments):
    one = Traffic(guest, seed)
    asyncio.run(one.during(work, *arguments))
    one.judge(tally, words)
    return one.load.letters


def everything(guest, old, new, restarts, tally):
    begin(guest, tally)
    protected(guest, tally)
    local_mail(guest, tally)
    guest.enter_network()
    letters = traffic(guest, tally, 1, f"{restarts} restarts", restart, restarts)
    for seed, number, words in ((2, new, "the upgrade"), (3, old, "the way back")):
        before, paths = started(guest), packages.put(guest, number)
        letters += traffic(guest, tally, seed, words, exchange, paths)
        exchanged(guest, before, number, tally, words)
    all_mail_there(guest, letters, tally)
    refuses_what_it_may_not_read(guest, tally)
    cron_speaks(guest, tally)
    take_away(guest, tally)
