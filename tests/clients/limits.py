"""Each limit, reached on purpose: the answer is the right one and the next honest client is served."""
import smtplib
import time

from harness import (BOB, HOST, Wire, accounts, arrives, case, check, exchange, futar, message, port, search,
                     send, submission, tls, token, trace)

OPTIONS = ["--set", "mta.max_size=1MiB", "--set", "mta.sessions=30", "--set", "msa.limit_hour=3", "--accounts", "3"]
STRANGER = "eve@elsewhere.example"


def is_served():
    word = token()
    code, text = send(exchange(), message(word, sender=STRANGER), sender=STRANGER)
    check(code == 250, f"the next client got {code} {text}")
    arrives(BOB, word)


@case("a message over mta.max_size: 552 5.3.4 by SIZE at MAIL, and after the octets without SIZE")
def _():
    code, text = send(exchange(), b"", sender=STRANGER, options=["SIZE=2000000"])
    check(code == 552 and "5.3.4" in text, f"SIZE: {code} {text}")
    code, text = send(exchange(), message(token(), body=(b"x" * 70 + b"\r\n") * 16000), sender=STRANGER)
    check(code == 552 and "5.3.4" in text, f"octets: {code} {text}")
    code, text = send(submission(), message(token(), body=(b"x" * 70 + b"\r\n") * 16000))
    check(code == 552 and "5.3.4" in text, f"msa: {code} {text}")
    is_served()


@case("a header over 256 KiB: 552 5.3.4")
def _():
    fields = [f"X-Long-{n}: {'x' * 900}" for n in range(300)]
    code, text = send(exchange(), message(token(), fields=fields), sender=STRANGER)
    check(code == 552 and "5.3.4" in text, f"{code} {text}")


@case("a command line over its limit gets 500 and the session goes on; a text line of 64 KiB is taken")
def _():
    wire = Wire()
    wire.ask("EHLO client.example")
    check(wire.ask("NOOP " + "x" * 20000).startswith("500"), "a long command")
    check(wire.ask("NOOP").startswith("250"), "after it")
    word = token()
    code, text = send(exchange(), message(word, body=b"y" * 60000 + b"\r\n"), sender=STRANGER)
    check(code == 250, f"{code} {text}")
    arrives(BOB, word)


@case("the 31st session of 30 gets 421, and there is room again when one leaves")
def _():
    held = []
    try:
        for _ in range(30):
            held.append(Wire())
        try:
            reply = Wire().greeting
        except (EOFError, OSError):
            reply = "closed"
        check(reply.startswith("421"), reply)
    finally:
        for wire in held:
            wire.close()
    for _ in range(100):
        try:
            wire = Wire()
        except (EOFError, OSError):
            continue
        if wire.greeting.startswith("220"):
            break
    is_served()


@case("too many errors in a session end it with 421")
def _():
    wire = Wire()
    wire.ask("EHLO client.example")
    replies = []
    try:
        for _ in range(200):
            replies.append(wire.ask("FROBNICATE"))
    except (EOFError, OSError):
        pass
    check(len(replies) < 200 and replies[-1].startswith("421"), f"{len(replies)} errors, last: {replies[-1]}")
    is_served()


@case("passwords cannot be tried without end: the session is ended, and the owner still gets in")
def _():
    tried = 0
    try:
        for _ in range(60):
            session = smtplib.SMTP_SSL(HOST, port("SUBMISSIONS"), timeout=30, context=tls())
            session.ehlo()
            for _ in range(20):
                try:
                    session.login(BOB, f"wrong{tried}")
                except smtplib.SMTPAuthenticationError as error:
                    tried += 1
                    if error.smtp_code in (421, 454):
                        raise
            if tried >= 20:
                break
    except (smtplib.SMTPException, OSError):
        pass
    check(0 < tried < 60, f"{tried} tries")
    submission(*accounts()[2])
    return f"ended after {tried} tries"


@case("over msa.limit_hour a message is taken and held, and postmaster is told")
def _():
    address, word = accounts()[2]
    ids = []
    for _ in range(4):
        subject = token()
        code, text = send(submission(address, word), message(subject, sender=address), sender=address)
        check(code == 250, f"{code} {text}")
        ids.append(text.split()[-1])
    for _ in range(100):
        states = [r["state"] for r in trace(ids[3])[0]["recipients"]]
        if states == ["held"]:
            break
        time.sleep(0.1)
    check(states == ["held"], f"{states}")
    check(not search(BOB, subject), "it was delivered all the same")
    check(ids[3] in futar("--json", "queue", "list", "--state", "held"), "futar queue does not list it")
    futar("--yes", "release", ids[3])
    arrives(BOB, subject)
    return "and comes when it is released"
