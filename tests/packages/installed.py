"""What lies on a machine after installing, removing and purging; no agent runs here."""
import os
import stat

import packages
from units import FOLDERS

AGENTS = ("msa", "mta", "mda")
LINKS = ("usr/sbin/sendmail", "usr/lib/sendmail", "usr/bin/mailq", "usr/bin/newaliases")
PAGES = ("man1/futar.1", "man1/mailq.1", "man1/newaliases.1", "man5/futar.toml.5", "man8/futar-msa.8", "man8/futar-mta.8",
         "man8/futar-mda.8", "man8/sendmail.8")
DOMAIN, PASSWORD = "guest.test", "7kd-qzm-2xw"


def install(guest, number):
    """As a person does it, on a machine that has none of our libraries."""
    guest.online("apt-get", "install", "-qy", "--no-install-recommends", *packages.put(guest, number))


def after_installing(guest, tally):
    ids = {}
    for kind in ("passwd", "group"):
        with open(guest.path(f"etc/{kind}")) as file:
            ids[kind] = {line.split(":")[0]: int(line.split(":")[2]) for line in file}
    for path, owner, group, mode in (line.split() for line in FOLDERS.split("\n") if line and not line.startswith("/run")):
        status = os.stat(guest.path(path))
        found = (status.st_uid, status.st_gid, f"{stat.S_IMODE(status.st_mode):04o}")
        wanted = (ids["passwd"].get(owner), ids["group"].get(group), mode)
        tally.check(found == wanted, f"{path}: {found}, not {owner} {group} {mode}")
    for link in LINKS:
        tally.check(os.path.realpath(guest.path(link)).endswith("/usr/bin/futar"), f"{link} is not futar")
    for page in PAGES:
        tally.check(os.path.exists(guest.path(f"usr/share/man/{page}.gz")), f"no manual page {page}")
    for agent in AGENTS:
        told = guest.online("futar-" + agent, "--version").stdout
        tally.check(told.startswith(f"futar-{agent} "), f"futar-{agent} --version: {told}")
        wanted = guest.path(f"etc/systemd/system/futar.target.wants/futar-{agent}.service")
        tally.check(os.path.islink(wanted), f"futar-{agent} is not enabled")
    documented = {line.split("man:")[1].split("(")[0] for unit in os.scandir(guest.path("lib/systemd/system"))
                  if unit.name.startswith("futar") for line in open(unit) if "man:" in line}
    tally.check(documented <= {page.rpartition("/")[2].rpartition(".")[0] for page in PAGES}, f"units name {documented}")
    tally.check(not os.listdir(guest.path("etc/futar")), "a config is there before futar init")


def set_up(guest):
    given = guest.path("tmp/password")
    with open(given, "w") as out:
        out.write(PASSWORD + "\n")
    return guest.online("futar", "--yes", "init", DOMAIN, "--user", "ann", "--password-file", "/tmp/password")


def removed_and_purged(guest, tally):
    """With mail in a mailbox and, by name, in a queue: packages go, mail stays."""
    mail = guest.path("var/mail/futar/guest.test/ann/new")
    os.makedirs(mail)
    letter = os.path.join(mail, "1.letter")
    queue = guest.path("var/lib/futar/mta/mta.db")
    for path in (letter, queue):
        with open(path, "w") as out:
            out.write("kept\n")
    guest.online("dpkg", "--remove", *packages.ALL)
    for path in ("etc/futar/futar.toml", "var/lib/futar/directory/directory.db", "var/lib/futar/tls", "var/lib/futar/mta/mta.db"):
        tally.check(os.path.exists(guest.path(path)), f"removing took {path}")
    for agent in AGENTS:
        tally.check(not os.path.exists(guest.path(f"usr/sbin/futar-{agent}")), f"removing left futar-{agent}")
    words = guest.online("dpkg", "--purge", *packages.ALL).stdout
    for path in ("etc/futar", "var/lib/futar/directory", "var/lib/futar/published", "var/lib/futar/tls", "var/lib/futar/mda",
                 "etc/systemd/system/futar.target.wants", "lib/systemd/system/futar-msa.service"):
        tally.check(not os.path.lexists(guest.path(path)), f"purging left {path}")
    tally.check(os.path.exists(letter), "purging took the mailboxes")
    tally.check(os.path.exists(queue), "purging took a queue that was not said to be empty")
    for place in ("/var/mail/futar", "/var/lib/futar/mta"):
        tally.check(place in words, f"purging does not say that {place} stays: {words}")
    left = guest.online("dpkg", "--list", check=False).stdout
    tally.check("futar" not in left, "dpkg still knows: " + " ".join(line for line in left.splitlines() if "futar" in line))
