"""People come from another server: hashes that a real Dovecot made log in to msa and Dovecot; Postfix's maps become aliases."""
import imaplib
import os
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import (DOMAIN, HOST, Skip, arrives, case, check, env, exchange, futar, message, pid, port, program, send, submission, tls,
                     token)

OPTIONS = ["--accounts", "2"]
SCHEMES = ("SHA512-CRYPT", "SHA256-CRYPT", "BLF-CRYPT", "SSHA", "SSHA256", "SSHA512", "SCRAM-SHA-256", "PLAIN")
WEAK = ("MD5-CRYPT", "PLAIN-MD5", "SHA256")
WORD = "Correct horse 7"
DOVECOT_LOOKS_S = 1.1
HOLDER = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); time.sleep(60)"


def address(scheme):
    return f"{scheme.lower()}@{DOMAIN}"


def hashed(scheme):
    status, told = program("doveadm", "pw", "-s", scheme, "-p", WORD)
    check(status == 0, f"doveadm pw -s {scheme}: {told}")
    return told.strip()


def passwd_file(schemes):
    if not shutil.which("doveadm"):
        raise Skip("doveadm is not installed")
    return "".join(f"{address(scheme)}:{hashed(scheme)}:1000:1000::::userdb_quota_rule=*:bytes=2G\n" for scheme in schemes)


def imported(text, *words, okay=(0,)):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        return futar("directory", "import", file.name, *words, okay=okay).splitlines()


def refused(action):
    try:
        action()
        return False
    except (smtplib.SMTPAuthenticationError, imaplib.IMAP4.error):
        return True


def imap(scheme, word):
    imaplib.IMAP4_SSL(HOST, port("IMAPS"), ssl_context=tls(), timeout=30).login(address(scheme), word)


def scram(scheme, wanted):
    status, told = program("gsasl", "--smtp", "--mechanism=SCRAM-SHA-256", f"--authentication-id={address(scheme)}",
                           f"--password={WORD}", f"--x509-ca-file={env['FUTAR_CA']}", "--no-cb",
                           f"--connect={HOST}:{port('SUBMISSION')}", text=b"")
    check((status == 0) == wanted, f"SCRAM of {address(scheme)}: status {status}\n{told[-800:]}")


@case("a passwd-file of Dovecot: a dry run changes nothing, an import makes accounts, a second one does nothing")
def _():
    text = passwd_file(SCHEMES)
    before = futar("directory", "export", "--with-hashes")
    planned = imported(text, "--dry-run")
    check(futar("directory", "export", "--with-hashes") == before, "a dry run changed something")
    done = imported(text)
    check(planned == [f"would {line}" for line in done] and len(done) == len(SCHEMES), f"{planned} and {done}")
    check(imported(text) == ["nothing to do"], "the second import did something")
    shown = futar("user", "show", address("SSHA"))
    check("2GiB" in shown, shown)


@case("each imported password logs in to msa and to Dovecot, a wrong one does not")
def _():
    imported(passwd_file(SCHEMES))
    time.sleep(DOVECOT_LOOKS_S)
    for scheme in SCHEMES:
        submission(user=address(scheme), word=WORD).quit()
        imap(scheme, WORD)
        check(refused(lambda: submission(user=address(scheme), word=WORD + "!")), f"{scheme}: msa took a wrong password")
    check(refused(lambda: imap("SSHA512", WORD + "!")), "Dovecot took a wrong password")


@case("SCRAM works from the first login by PLAIN on, also after a restart, and no longer when the hash is another")
def _():
    if not shutil.which("gsasl"):
        raise Skip("gsasl is not installed")
    imported(passwd_file(["SHA512-CRYPT"]))  # a new salt: what was learnt before holds no longer
    scram("SHA512-CRYPT", False)
    submission(user=address("SHA512-CRYPT"), word=WORD).quit()
    scram("SHA512-CRYPT", True)
    old = pid("msa")
    os.kill(old, signal.SIGKILL)
    for _ in range(100):
        if pid("msa") != old and not refused_connection():
            break
        time.sleep(0.1)
    scram("SHA512-CRYPT", True)
    futar("user", "passwd", address("SHA512-CRYPT"), "--password-file", "-", text="another word\n")
    scram("SHA512-CRYPT", False)
    check(refused(lambda: submission(user=address("SHA512-CRYPT"), word=WORD)), "the old password still logs in")


def refused_connection():
    try:
        submission().quit()
        return False
    except OSError:
        return True


@case("weak hashes are refused by line and name; the account comes without a password")
def _():
    told = imported(passwd_file(WEAK), okay=(1,))
    left = [line for line in told if line.startswith("not taken: line ")]
    check(len(left) == len(WEAK) and all("futar user passwd" in line for line in left), f"{told}")
    check(refused(lambda: submission(user=address("MD5-CRYPT"), word=WORD)), "a weak hash logs in")


@case("Postfix's virtual map and aliases(5) deliver; pipes, files and circles are named; prune asks")
def _():
    owner = env["FUTAR_USER"]
    told = imported(f"info@{DOMAIN}  {owner}\nround@{DOMAIN} square@{DOMAIN}\nsquare@{DOMAIN} round@{DOMAIN}\n", okay=(1,))
    check(f"add alias info@{DOMAIN}" in told and sum("find nobody" in line for line in told) == 2, f"{told}")
    word = token()
    code, text = send(exchange(), message(word, sender="eve@elsewhere.example"), sender="eve@elsewhere.example", to=f"info@{DOMAIN}")
    check(code == 250, f"{code} {text}")
    arrives(owner, word)
    name = owner.split("@")[0]
    with tempfile.NamedTemporaryFile("w", suffix="aliases") as file:
        Path(file.name).write_text(f"webmaster: {name}\nrobot: |/bin/robot\nlog: /var/log/mail\n")
        told = futar("newaliases", file.name, okay=(1,)).splitlines()
        check(f"add alias webmaster@{DOMAIN}" in told and len(told) == 3, f"{told}")
        Path(file.name).write_text(f"hostmaster: {name}\n")
        told = futar("newaliases", file.name).splitlines()
        check(told == [f"add alias hostmaster@{DOMAIN}", f"remove alias webmaster@{DOMAIN}"], f"{told}")
    text = f"info@{DOMAIN} {owner}\n"
    check("remove alias" not in "".join(imported(text)), "removed without --prune")
    imported(text, "--prune", okay=(64,))
    check(f"hostmaster@{DOMAIN}" in futar("alias", "list"), "removed without an answer")
    check(f"remove alias hostmaster@{DOMAIN}" in imported(text, "--prune", "--yes"), "nothing removed")


@case("what is exported imports as the same directory, in TOML and in JSON")
def _():
    for words in ([], ["--json"]):
        text = futar(*words, "directory", "export", "--with-hashes")
        check(imported(text, "--prune") == ["nothing to do"], f"{words}")


def subjects(owner):
    """[(UID, subject)] of the INBOX, as Dovecot serves it."""
    session = imaplib.IMAP4_SSL(HOST, port("IMAPS"), ssl_context=tls(), timeout=30)
    session.login(*owner)
    session.select("INBOX", readonly=True)
    found = session.fetch("1:*", "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    session.logout()
    return [(int(one[0].split(b"UID ")[1].split()[0]), one[1].decode().split(":")[1].strip()) for one in found if isinstance(one, tuple)]


def fetched(old, new):
    """What switching.md tells to do, with one account of this server as the old one's."""
    mail = os.stat(f"{env['FUTAR_ROOT']}/mail")
    drop = ["setpriv", f"--reuid={mail.st_uid}", f"--regid={mail.st_gid}", "--clear-groups"] if os.geteuid() == 0 else []
    status, told = program(*drop, "doveadm", "-c", f"{env['FUTAR_ROOT']}/dovecot.conf", "-o", f"imapc_host={HOST}", "-o",
                           f"imapc_port={port('IMAPS')}", "-o", "imapc_ssl=imaps", "-o", f"ssl_client_ca_file={env['FUTAR_CA']}", "-o",
                           f"imapc_user={old[0]}", "-o", f"imapc_password={old[1]}", "-o", "mail_fsync=never", "sync", "-1", "-R",
                           "-u", new[0], "imapc:")
    check(status == 0, told)


@case("a mailbox is fetched by doveadm with its UIDs; again it brings what came since, and doubles nothing")
def _():
    if not shutil.which("doveadm"):
        raise Skip("doveadm is not installed")
    old, new = ((f"{name}@{DOMAIN}", WORD) for name in ("fetched", "fetching"))
    for address, password in (old, new):
        futar("user", "add", address, "--password-file", "-", text=password + "\n")
    time.sleep(DOVECOT_LOOKS_S)

    def put(owner):
        word = token()
        check(send(exchange(), message(word, sender="eve@elsewhere.example"), sender="eve@elsewhere.example", to=owner[0])[0] == 250, word)
        arrives(owner[0], word)
        return word
    words = []
    for more in (3, 0, 2):
        words += [put(old) for _ in range(more)]
        fetched(old, new)
        check(subjects(new) == subjects(old) and len(subjects(new)) == len(words), f"{subjects(new)}, not {subjects(old)}")


@case("init writes a config that is sound, names who holds a port, points root at the first account and prints the records")
def _():
    folder = tempfile.mkdtemp(dir=env["FUTAR_ROOT"])
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    held = holder.stdout.readline().strip()
    config = ["--config", f"{folder}/futar.toml"]
    words = ["init", "new.example", "--user", "anna", "--password-file", "-", "--set", f"state_dir={folder}/state", "--set",
             f"run_dir={folder}/run", "--set", f"mda.mailboxes={folder}/mail", "--set",
             f'msa.listen=["127.0.0.1:{held}"]', "--set", 'mta.listen=["198.51.100.7:25"]', "--set", "dns.servers=[]"]
    status, told = program(f"{env['FUTAR_BIN']}/futar", *config, *words, text=b"secret\n")
    check(status == 0, told)
    check(f"port {held} is taken by python3" in told and f"(pid {holder.pid})" in told, told)
    check("root, postmaster and abuse of new.example go to anna@new.example" in told, told)
    check("v=spf1 mx -all" in told and "198.51.100.7" in told, told)
    check("root@new.example -> anna@new.example" in futar_of(config, "alias", "list"), "root's alias")
    check("postmaster is anna@new.example" in futar_of(config, "domain", "show", "new.example"), "postmaster")
    check(futar_of(config, "config", "check").startswith("ok"), "the config")
    holder.kill()
    holder.wait()
    status, told = program(f"{env['FUTAR_BIN']}/futar", *config, *words)
    check(status == 0 and "is taken" not in told and "stays as it is" in told, told)


def futar_of(config, *words):
    status, told = program(f"{env['FUTAR_BIN']}/futar", *config, *words)
    check(status == 0, told)
    return told
