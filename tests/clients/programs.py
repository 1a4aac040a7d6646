"""Real mail programs, as people have them: each sends by the ways it knows, and the message arrives."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import (ALICE, BOB, HOST, PASSWORD, TOP, Skip, arrives, case, check, env, message, port, program, token)

OPTIONS = ["--set", "msa.sessions_per_client=0"]
TOOLS = TOP / "build/tests"  # what is fetched for the tests stays between runs


def need(name):
    if not shutil.which(name):
        raise Skip(f"{name} is not installed")


def works(*command, text=None, wanted=0, seconds=60):
    status, told = program(*command, text=text, seconds=seconds)
    check(status == wanted, f"{command[0]} ended with status {status}:\n" + told[-1500:])
    return told


def swaks(word, *more, wanted=0, where="SUBMISSION"):
    need("swaks")
    return works("swaks", "--server", HOST, "--port", str(port(where)), "--from", ALICE, "--to", BOB,
                 "--header", f"Subject: {word}", "--tls-verify", "--tls-ca-path", env["FUTAR_CA"], *more, wanted=wanted)


@case("swaks: PLAIN and LOGIN on 587 and 465, pipelined, and port 25")
def _():
    for more in (("--tls", "--auth", "PLAIN"), ("--tls", "--auth", "LOGIN"), ("--tlsc", "--auth", "PLAIN"),
                 ("--tlsc", "--auth", "LOGIN"), ("--tls", "--auth", "PLAIN", "--pipeline")):
        word = token()
        swaks(word, *more, "-au", ALICE, "-ap", PASSWORD, where="SUBMISSIONS" if "--tlsc" in more else "SUBMISSION")
        arrives(BOB, word)
    word = token()
    swaks(word, "--tls", where="MX")
    arrives(BOB, word)


@case("swaks: a wrong password ends with its status for a failed login, an unknown user with that for no recipient")
def _():
    swaks(token(), "--tls", "--auth", "PLAIN", "-au", ALICE, "-ap", "wrong", wanted=28)
    swaks(token(), "--tls", "--auth", "PLAIN", "-au", ALICE, "-ap", PASSWORD, "--to", "nobody@" + env["FUTAR_DOMAIN"],
          wanted=24)


@case("curl sends on 587 and 465 and reads by IMAP and POP3")
def _():
    need("curl")
    with tempfile.TemporaryDirectory() as folder:
        for url, more in ((f"smtp://{HOST}:{port('SUBMISSION')}", ["--ssl-reqd"]), (f"smtps://{HOST}:{port('SUBMISSIONS')}", [])):
            word = token()
            Path(folder, "mail").write_bytes(message(word))
            works("curl", "-sS", "--cacert", env["FUTAR_CA"], *more, "--user", f"{ALICE}:{PASSWORD}", "--mail-from", ALICE,
                  "--mail-rcpt", BOB, "--upload-file", f"{folder}/mail", f"{url}/client.example")
            arrives(BOB, word)
    login = ["--user", f"{BOB}:{env['FUTAR_PASSWORD2']}"]
    told = works("curl", "-sS", "--cacert", env["FUTAR_CA"], *login, f"imaps://{HOST}:{port('IMAPS')}/INBOX?SUBJECT%20{word}")
    number = re.search(r"SEARCH (\d+)", told)[1]
    check(word in works("curl", "-sS", "--cacert", env["FUTAR_CA"], *login,
                        f"imaps://{HOST}:{port('IMAPS')}/INBOX;MAILINDEX={number}"), "IMAP")
    check(word in works("curl", "-sS", "--cacert", env["FUTAR_CA"], *login, f"pop3s://{HOST}:{port('POP3S')}/{number}"), "POP3")


@case("msmtp: plain, login and what SCRAM it knows")
def _():
    need("msmtp")
    known = works("msmtp", "--version").lower()
    used = []
    for mechanism in ("plain", "login", "scram-sha-256", "scram-sha-256-plus"):
        if not re.search(rf"\b{mechanism}(?![\w-])", known):
            continue
        for tls in (["--tls-starttls=on", f"--port={port('SUBMISSION')}"], ["--tls-starttls=off", f"--port={port('SUBMISSIONS')}"]):
            word = token()
            works("msmtp", "--file=/dev/null", f"--host={HOST}", "--tls=on", *tls, f"--tls-trust-file={env['FUTAR_CA']}",
                  f"--auth={mechanism}", f"--user={ALICE}", f"--passwordeval=echo {PASSWORD}", f"--from={ALICE}", BOB,
                  text=message(word).replace(b"\r\n", b"\n"))
            arrives(BOB, word)
        used.append(mechanism)
    return ", ".join(used)


@case("mutt sends through 587")
def _():
    need("mutt")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "muttrc").write_text(f"""set from={ALICE}
set smtp_url="smtp://{ALICE}@{HOST}:{port('SUBMISSION')}/"
set smtp_pass="{PASSWORD}"
set smtp_authenticators="plain"
set ssl_force_tls=yes
set certificate_file={env['FUTAR_CA']}
set ssl_usesystemca=no
set record=
""")
        word = token()
        done = subprocess.run(["mutt", "-n", "-F", f"{folder}/muttrc", "-s", word, BOB], input=b"Hello from mutt.\n",
                              capture_output=True, timeout=60, env=os.environ | {"HOME": folder})
        check(done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace"))
        arrives(BOB, word)


@case("gsasl: PLAIN, LOGIN, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS; a wrong password fails")
def _():
    need("gsasl")
    for mechanism, binding in (("PLAIN", []), ("LOGIN", []), ("SCRAM-SHA-256", ["--no-cb"]), ("SCRAM-SHA-256-PLUS", [])):
        def run(word, wanted):
            works("gsasl", "--smtp", f"--mechanism={mechanism}", f"--authentication-id={ALICE}", f"--password={word}",
                  f"--x509-ca-file={env['FUTAR_CA']}", *binding, f"--connect={HOST}:{port('SUBMISSION')}", text=b"",
                  wanted=wanted)
        run(PASSWORD, 0)
        run("wrong", 1)


@case("nodemailer sends on 587 and 465")
def _():
    need("node")
    need("npm")
    folder = TOOLS / "npm"
    if not (folder / "node_modules/nodemailer").exists():
        folder.mkdir(parents=True, exist_ok=True)
        status, told = program("npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts",
                               "nodemailer@6.10.1", seconds=120)
        if status:
            raise Skip(f"npm cannot fetch nodemailer: {told.strip().splitlines()[-1] if told.strip() else status}")
    script = """
const m = require(process.argv[2] + "/node_modules/nodemailer"), fs = require("fs"), e = process.env;
const secure = process.argv[3] == "465", port = secure ? e.FUTAR_SUBMISSIONS_PORT : e.FUTAR_SUBMISSION_PORT;
m.createTransport({host: e.FUTAR_HOST, port, secure, requireTLS: true, tls: {ca: fs.readFileSync(e.FUTAR_CA)},
                   auth: {user: e.FUTAR_USER, pass: e.FUTAR_PASSWORD}})
 .sendMail({from: e.FUTAR_USER, to: e.FUTAR_USER2, subject: process.argv[4], text: "Hello, Ünnep", html: "<b>Hello</b>",
            attachments: [{filename: "a.bin", content: Buffer.alloc(100000, 7)}]})
 .catch(error => { console.error(error); process.exit(1); });
"""
    for where in ("587", "465"):
        word = token()
        works("node", "-e", script, "-", str(folder), where, word)
        check(b"a.bin" in arrives(BOB, word)[0], "no attachment")


def postfix_tool(name):
    """A program of Debian's postfix package, unpacked and not installed."""
    folder = TOOLS / "postfix"
    if not (folder / "usr/sbin" / name).exists():
        folder.mkdir(parents=True, exist_ok=True)
        need("apt-get")
        done = subprocess.run("apt-get -q download postfix && dpkg-deb -x postfix_*.deb . && rm -f postfix_*.deb", shell=True,
                              cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise Skip(f"the postfix package cannot be fetched: {done.stderr.strip().splitlines()[-1:]}")
    return str(folder / "usr/sbin" / name), {"LD_LIBRARY_PATH": str(folder / "usr/lib/postfix")}


@case("smtp-source: 500 messages over 20 sessions at port 25, none lost, none doubled")
def _():
    tool, more = postfix_tool("smtp-source")
    word, config = token(), TOOLS / "postfix/etc/postfix"
    config.mkdir(parents=True, exist_ok=True)
    (config / "main.cf").write_text("compatibility_level = 3.6\n")
    done = subprocess.run([tool, "-c", "-d", "-s", "20", "-m", "500", "-l", "4096", "-f", ALICE, "-t", BOB, "-S", word,
                           f"inet:{HOST}:{port('MX')}"], capture_output=True, timeout=120,
                          env=os.environ | more | {"MAIL_CONFIG": str(config)})
    if b"error while loading shared libraries" in done.stderr:
        raise Skip(f"smtp-source does not start: {done.stderr.decode().strip()}")
    check(done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-800:])
    arrives(BOB, word, count=500, seconds=60)
