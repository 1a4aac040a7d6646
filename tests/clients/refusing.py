"""What was refused before it was a message: the id in the reply leads to its trace and to what helps."""
import json
import re
import smtplib
import time
from pathlib import Path

from harness import (ALICE, BOB, DOMAIN, HOST, Wire, arrives, case, check, env, exchange, futar, message, port, send, submission,
                     tls, token)

OPTIONS = []
STRANGER = "eve@elsewhere.example"


def id_in(reply):
    found = re.search(r" id ([0-9a-z]{26})$", reply)
    check(found, f"no id in {reply!r}")
    return found[1]


def refused(id):
    """The one answer of `futar trace --json` for mail that was refused."""
    found = json.loads(futar("--json", "trace", id))["messages"]
    check(len(found) == 1, f"{len(found)} answers for {id}")
    return found[0]


def wire_with(*commands):
    """The last reply to the commands on port 25."""
    wire = Wire()
    reply = ""
    for command in ("EHLO client.example", *commands):
        reply = wire.ask(command)
    wire.close()
    return reply


@case("an unknown user and a relay are found by the id in the reply, by client, sender and recipient, and explained")
def _():
    sender = f"{token()}@elsewhere.example"
    for to, rule, cure in ((f"nobody@{DOMAIN}", "the directory", "futar user add"),
                           ("bob@other.example", "mta.relay_networks", "futar domain add")):
        id = id_in(wire_with(f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>"))
        found = refused(id)
        check(found["state"] == "refused" and found["id"] == id and found["from"] == sender, f"{found}")
        check([r["address"] for r in found["recipients"]] == [to], f"{found['recipients']}")
        for words in ((id[-8:],), (sender,), ("--to", to, "--from", sender), ("--client", HOST, "--last", "1m")):
            answers = json.loads(futar("--json", "trace", *words))["messages"]
            check(id in [one["id"] for one in answers], f"not found by {words}")
        plain = futar("trace", id)
        check(plain.startswith(f"{id}  REFUSED (550); nothing stored, nobody was bounced\n"), plain)
        check(f"{sender} -> {to}   from {HOST}" in plain, plain)
        explained = futar("explain", id)
        check(explained.startswith("Refused: ") and rule in explained and cure in explained, explained)
    check(not json.loads(futar("--json", "trace", "--from", sender, "--to", f"@none.{DOMAIN}", okay=(67,)))["messages"],
          "found for another domain")


@case("a login that fails is found with its cause; the password stands nowhere")
def _():
    session = smtplib.SMTP(HOST, port("SUBMISSION"))
    session.starttls(context=tls())
    secret = token()
    try:
        session.login(ALICE, secret)
        raise AssertionError("the wrong password was taken")
    except smtplib.SMTPAuthenticationError as error:
        id = id_in(error.smtp_error.decode())
    found = refused(id)
    check(found["at"] == "AUTH" and "login failed" in [event["kind"] for event in found["events"]], f"{found}")
    plain = futar("trace", id)
    check("LOGIN REFUSED (535)" in plain and ALICE in plain, plain)
    check(secret not in plain + futar("--json", "trace", id) + futar("explain", id), "the password was told")
    check("futar user passwd" in futar("explain", id), "no cure")


@case("a smuggled end of data is found by its id, with sender and recipient")
def _():
    wire = Wire()
    for command in ("EHLO client.example", f"MAIL FROM:<{STRANGER}>", f"RCPT TO:<{BOB}>", "DATA"):
        wire.ask(command)
    wire.send(b"Subject: x\r\n\r\nx\n.\nMAIL FROM:<a@b.example>\r\n.\r\n")
    found = refused(id_in(wire.reply()))
    check(found["reply"].startswith("550 5.6.11"), f"{found}")
    check(found["from"] == STRANGER and found["recipients"][0]["address"] == BOB, f"{found}")
    check("smuggling" in futar("explain", found["id"]), "not explained")


@case("a sender that the login does not own is found with login and cause")
def _():
    code, text = send(submission(), message(token(), sender=BOB), sender=BOB)
    check(code == 550, f"{code} {text}")
    found = refused(id_in(text))
    check(found["login"] == ALICE and found["from"] == BOB, f"{found}")
    check("may not send as" in found["cause"], found["cause"])


@case("a recipient that was refused stands in the trace of the message that the other got")
def _():
    wire, word = Wire(), token()
    for command in ("EHLO client.example", f"MAIL FROM:<{STRANGER}>", f"RCPT TO:<{BOB}>"):
        wire.ask(command)
    reply = wire.ask(f"RCPT TO:<nobody@{DOMAIN}>")
    wire.ask("DATA")
    wire.send(message(word, sender=STRANGER) + b".\r\n")
    id = wire.reply().split()[-1]
    check(id_in(reply) == id, f"{reply} for {id}")
    arrives(BOB, word)
    plain = futar("trace", id)
    check("refused at RCPT: no such user" in plain and "Count: 1 accepted = " in plain, plain)


@case("refusals outlive the agents, and a flood of them hinders no mail")
def _():
    id = id_in(wire_with(f"MAIL FROM:<{STRANGER}>", f"RCPT TO:<nobody@{DOMAIN}>"))
    futar("restart", "mta")
    for _ in range(100):
        try:
            wire_with()
            break
        except (OSError, EOFError):
            time.sleep(0.1)
    for _ in range(100):
        wire_with(*[f"MAIL FROM:<{STRANGER}>", f"RCPT TO:<nobody@{DOMAIN}>", "RSET"] * 3)
    word = token()
    code, text = send(exchange(), message(word, sender=STRANGER), sender=STRANGER)
    check(code == 250, f"{code} {text}")
    arrives(BOB, word)
    check(refused(id)["id"] == id, "gone after the restart")
    log = Path(env["FUTAR_ROOT"], "log", "mta.log").read_text(errors="replace")
    check(f"id={id}" in log, "the log does not name it")
