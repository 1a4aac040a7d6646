"""What the people of the house do all day: accounts, mail from inside and outside, questions, IMAP."""
import imaplib
import os
import shutil
import signal
import smtplib
import ssl
import subprocess
import sys
import time
from pathlib import Path

from house import AGENTS, DOMAIN, PASSWORD

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "deploy/local/front"))
from dovecot import fill  # noqa: E402

HOST = "127.0.0.1"
MTA_ALONE = (("queue",), ("queue", "list"), ("route", f"bob@{DOMAIN}"))  # what only mta is asked for
LARGE = "x" * 70 + "\r\n"


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def submit(recipient, mark, password=PASSWORD, repeat=1):
    """As alice on 587, after STARTTLS and login."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(HOST, 587, timeout=20) as smtp:
        smtp.starttls(context=context)
        smtp.login(f"alice@{DOMAIN}", password)
        smtp.sendmail(f"alice@{DOMAIN}", recipient, f"From: alice@{DOMAIN}\r\nSubject: {mark}\r\n\r\n{LARGE * repeat}")


def send_from_outside(recipient, mark, repeat=1):
    with smtplib.SMTP(HOST, 25, timeout=20) as smtp:
        smtp.sendmail("eve@outside.test", recipient, f"From: eve@outside.test\r\nSubject: {mark}\r\n\r\n{LARGE * repeat}")


def refused(deed, *words):
    try:
        deed(*words)
    except smtplib.SMTPException:
        return True
    return False


def everything_works(house, tally):
    accounts(house, tally)
    agents_are_who_they_should_be(house, tally)
    mail(house, tally)
    questions(house, tally)
    if shutil.which("dovecot", path="/usr/sbin:/usr/bin"):
        reading(house, tally)
    else:
        print("SKIPPED users: IMAP, since Dovecot is not installed")


def accounts(house, tally):
    """The operator's changes reach the agents while these run."""
    def does(*words, given=None):
        done = house.futar(*words, given=given)
        tally.check(done.returncode == 0 and not done.stderr, f"futar {' '.join(words)}: {done.returncode} {done.stderr}")
    # Before the agents run there is nobody to be told.
    done = house.futar("init", DOMAIN, "--user", "alice", "--password-file", "-", "--dovecot-group", "futar-dovecot",
                       given="first-password\n")
    tally.check(done.returncode == 0, f"futar init: {done.stderr}")
    for agent in AGENTS:
        house.start(agent)
    house.wait_ready()
    does("user", "passwd", f"alice@{DOMAIN}", "--password-file", "-", given=PASSWORD + "\n")
    does("user", "add", f"bob@{DOMAIN}", "--password-file", "-", given=PASSWORD + "\n")
    does("domain", "add", "second.test")
    does("user", "add", "carol@second.test", "--password-file", "-", given=PASSWORD + "\n")
    does("alias", "add", f"team@{DOMAIN}", f"bob@{DOMAIN}", "carol@second.test")
    does("reload")  # certificates too: by users who read the key themselves
    tally.check(house.futar("user", "list", who="stranger").returncode == 77, "a stranger lists the accounts")
    tally.check(os.path.isdir(f"{house.root}/mail/second.test/carol/new"), "user add made no Maildir")


def agents_are_who_they_should_be(house, tally):
    for agent, process in house.agents.items():
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
        user = house.users[agent]
        tally.check(status["Uid"].split() == [str(user.uid)] * 4, f"{agent} has the uids {status['Uid']}")
        tally.check(set(status["Groups"].split()) == {str(group) for group in user.groups},
                    f"{agent} has the groups {status['Groups']}")
        for right in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            tally.check(int(status[right], 16) == 0, f"{agent} keeps {right} {status[right]}")


def mail(house, tally):
    tally.check(refused(submit, f"bob@{DOMAIN}", "no", "first-password"), "the old password still works")
    submit(f"bob@{DOMAIN}", "from-inside")
    send_from_outside(f"team@{DOMAIN}", "from-outside")
    tally.check(refused(send_from_outside, f"nobody@{DOMAIN}", "no"), "mail for an unknown user is taken")
    for who in ("operator", "stranger"):  # the local socket is everybody's, and knows who it is
        done = house.futar("sendmail", f"bob@{DOMAIN}", who=who, given=f"Subject: by-{who}\n\nhello\n")
        tally.check(done.returncode == 0, f"sendmail by {who}: {done.stderr}")
    for user, domain, marks in (("bob", DOMAIN, ("from-inside", "from-outside", "by-operator", "by-stranger")),
                                ("carol", "second.test", ("from-outside",))):
        tally.check(until(lambda: len(house.mailbox(user, domain)) == len(marks)),
                    f"{user} has {len(house.mailbox(user, domain))} messages, not {len(marks)}\n{house.log()}")
        text = b"".join(house.mailbox(user, domain))
        for mark in marks:
            tally.check(f"Subject: {mark}".encode() in text, f"{mark} did not come to {user}")
    tally.check(f"Return-Path: <futar-stranger@{DOMAIN}>".encode() in b"".join(house.mailbox("bob")),
                "the local socket did not know the stranger")


def questions(house, tally):
    """The operator is answered by all agents, nobody else by any but, of course, mta by itself."""
    for words in (("status",), ("trace", "--to", f"bob@{DOMAIN}"), ("audit",), *MTA_ALONE):
        done = house.futar(*words)
        tally.check(done.returncode == 0 and "does not answer" not in done.stderr,
                    f"futar {' '.join(words)}: {done.returncode} {done.stdout}{done.stderr}")
        for who in (name for name in house.users if name != "operator" and not (name == "mta" and words in MTA_ALONE)):
            done = house.futar(*words, who=who)
            tally.check(done.returncode == 77, f"futar {' '.join(words)} as {who}: {done.returncode} {done.stdout}")


def reading(house, tally):
    """Dovecot as root starts it: logins by its own user from dovecot.passwd, mailboxes under mda's uid."""
    mda = house.users["mda"]
    values = {"BASE": f"{house.root}/run/dovecot", "LOG": f"{house.root}/log/dovecot.log", "USER": "futar-dovecot",
              "GROUP": "futar-dovecot", "UID": mda.uid, "GID": mda.uid, "PASSWD": f"{house.root}/state/published/dovecot.passwd",
              "CERTIFICATE": f"{house.root}/state/tls/self_signed.crt", "KEY": f"{house.root}/state/tls/self_signed.key",
              "MAILBOXES": f"{house.root}/mail", "IMAP": 143, "IMAPS": 993, "POP3": 110, "POP3S": 995}
    config = Path(house.root, "dovecot.conf")
    config.write_text(fill((TOP / "deploy/dovecot/dovecot.conf.in").read_text(), values))
    house.dovecot = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", config], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    context = ssl.create_default_context(cafile=values["CERTIFICATE"])
    context.check_hostname = False

    def login():
        try:
            imap = imaplib.IMAP4_SSL(HOST, 993, ssl_context=context, timeout=20)
            imap.login(f"bob@{DOMAIN}", PASSWORD)
            return imap
        except OSError:
            return None
    sessions = []
    if not tally.check(until(lambda: sessions.append(login()) or sessions[-1]), f"no login by IMAP\n{house.log()}"):
        return
    imap = sessions[-1]
    tally.check(imap.select("INBOX")[1] == [b"4"], "IMAP does not show bob's four messages")
    imap.copy("1", "Trash")
    imap.logout()
    tally.check(len(house.mailbox("bob/.Trash")) == 1, "Dovecot could not write into the mailbox")


def hold_large_messages(house):
    """A large message stays in mta, which mda does not answer, and one in msa, which mta does not answer."""
    house.agents["mda"].send_signal(signal.SIGSTOP)
    send_from_outside(f"bob@{DOMAIN}", "held-in-mta", 3000)
    house.agents["mta"].send_signal(signal.SIGSTOP)
    submit(f"bob@{DOMAIN}", "held-in-msa", repeat=3000)


def all_arrives(house, tally):
    for agent in ("mta", "mda"):
        house.agents[agent].send_signal(signal.SIGCONT)
    tally.check(until(lambda: sum(b"Subject: held-in-" in text for text in house.mailbox("bob")) == 2, 60),
                f"the held messages did not come\n{house.log()}")
    tally.check(until(lambda: house.futar("audit").returncode == 0), f"audit: {house.futar('audit').stdout}")


def all_end(house, tally):
    for agent, process in house.agents.items():
        process.send_signal(signal.SIGTERM)
        tally.check(process.wait(20) == 0, f"{agent} ended with status {process.returncode}")
