"""Submission by a mail program: logins, what a login may send, sizes, extensions."""
import base64
import smtplib

from harness import (ALICE, BOB, DOMAIN, HOST, PASSWORD, Wire, arrives, case, check, exchange, is_what_was_sent, message,
                     port, send, submission, tls, token)

OPTIONS = ["--accounts", "4"]
LINE = b"x" * 76 + b"\r\n"


def deliver(session, content, word, **more):
    code, text = send(session, content, **more)
    check(code == 250, f"{code} {text}")
    return arrives(more.get("to") or BOB, word)[0]


def login(mechanism, implicit=False):
    if implicit:
        session = smtplib.SMTP_SSL(HOST, port("SUBMISSIONS"), context=tls())
    else:
        session = smtplib.SMTP(HOST, port("SUBMISSION"))
        session.starttls(context=tls())
    session.ehlo()
    session.user, session.password = ALICE, PASSWORD
    return session, session.auth(mechanism, getattr(session, f"auth_{mechanism.lower()}"))


@case("PLAIN on 587 after STARTTLS, and the message is in the Maildir as it was sent")
def _():
    session, (code, _text) = login("PLAIN")
    check(code == 235, f"{code}")
    word = token()
    content = message(word, fields=["Date: Mon, 23 Nov 2026 10:00:00 +0000", f"Message-ID: <{word}@{DOMAIN}>"])
    check(is_what_was_sent(deliver(session, content, word), content), "other octets")


@case("LOGIN on 587, PLAIN and LOGIN on 465")
def _():
    for mechanism, implicit in (("LOGIN", False), ("PLAIN", True), ("LOGIN", True)):
        session, (code, _text) = login(mechanism, implicit)
        check(code == 235, f"{mechanism}: {code}")
        word = token()
        deliver(session, message(word), word)


@case("SCRAM-SHA-256 and SCRAM-SHA-256-PLUS are offered under TLS, and no mechanism before it")
def _():
    wire = Wire("SUBMISSION")
    check("AUTH" not in wire.ask("EHLO client.example"), "AUTH before STARTTLS")
    check(wire.ask("AUTH PLAIN AHgAeQ==").startswith(("530", "538", "503")), "AUTH was taken before STARTTLS")
    offered = wire.secure()
    for mechanism in ("PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"):
        check(mechanism in offered.split("AUTH", 1)[1].split("\n")[0].split(), f"{mechanism} is not offered: {offered}")


@case("a wrong password and an unknown user get the same 535 5.7.8")
def _():
    replies = set()
    for user in (ALICE, f"nobody@{DOMAIN}"):
        wire = Wire("SUBMISSIONS", implicit=True)
        wire.ask("EHLO client.example")
        reply = wire.ask("AUTH PLAIN " + base64.b64encode(f"\0{user}\0wrong".encode()).decode())
        replies.add(reply.rpartition(" id ")[0])
    check(len(replies) == 1 and replies.pop().startswith("535 5.7.8"), f"{replies}")


@case("without a login nothing is taken on 587 and 465")
def _():
    wire = Wire("SUBMISSIONS", implicit=True)
    wire.ask("EHLO client.example")
    check(wire.ask(f"MAIL FROM:<{ALICE}>").startswith("530 5.7.0"), "MAIL without login")


@case("a login may not use another's address, neither as reverse-path nor in From")
def _():
    session = submission()
    code, text = send(session, message(token()), sender=BOB)
    check(code == 550 and "5.7.1" in text, f"reverse-path: {code} {text}")
    code, text = send(session, message(token(), sender=BOB))
    check(code == 550 and "5.7.1" in text, f"From: {code} {text}")
    code, text = send(session, message(token(), sender=f"{ALICE}, {BOB}", fields=[f"Sender: {ALICE}"]))
    check(code == 550 and "5.7.1" in text, f"second address in From: {code} {text}")


@case("a login may use its own details and the null reverse-path")
def _():
    session, word = submission(), token()
    own = ALICE.replace("@", "+shop@")
    deliver(session, message(word, sender=own), word, sender=own)
    word = token()
    deliver(session, message(word), word, sender="")


@case("an unknown local recipient is refused at RCPT with 550 5.1.1")
def _():
    code, text = send(submission(), message(token()), to=f"nobody@{DOMAIN}")
    check(code == 550 and "5.1.1" in text, f"{code} {text}")


@case("Date and Message-ID are added when they are missing, and the client's address is told to nobody")
def _():
    session, word = submission(), token()
    head = deliver(session, message(word), word).split(b"\n\n")[0]
    check(b"\nDate: " in head and b"\nMessage-ID: <" in head, "a field is missing")
    check(HOST.encode() not in head, "the client's address stands in the message")


@case("Authentication-Results from a user are removed")
def _():
    session, word = submission(), token()
    stored = deliver(session, message(word, fields=["Authentication-Results: mail.futar.test; spf=pass forged"]), word)
    check(b"forged" not in stored, "the forged field is there")


@case("sizes from 1 octet to 49 MiB come through as they were sent")
def _():
    sizes = (1, 2, 999, 65535, 65536, 65537, 2**20, 10 * 2**20, 49 * 2**20)
    session = submission()
    for size in sizes:
        word = token()
        body = b"y" * (size % len(LINE)) + LINE * (size // len(LINE))
        stored = deliver(session, message(word, body=body), word)
        wanted = body if body.endswith(b"\r\n") else body + b"\r\n"  # DATA ends a last line
        check(stored.split(b"\n\n", 1)[1] == wanted.replace(b"\r\n", b"\n"), f"{size} octets came out as {len(stored)}")
    return f"{len(sizes)} sizes"


@case("8-bit text and SMTPUTF8 addresses and fields come through")
def _():
    session, word = submission(), token()
    body = "árvíztűrő tükörfúrógép\r\n".encode() + bytes(range(128, 256)) + b"\r\n"
    stored = deliver(session, message(word, body=body), word, options=["BODY=8BITMIME"])
    check(stored.endswith(body.replace(b"\r\n", b"\n")), "the 8-bit body was changed")
    word = token()
    stored = deliver(session, message(word + " Ünnep"), word, options=["SMTPUTF8", "BODY=8BITMIME"])
    check("Ünnep".encode() in stored, "the UTF-8 subject was changed")


@case("1000 recipients in one message; the next one gets 452 4.5.3")
def _():
    session, word = submission(), token()
    session.mail(ALICE)
    local, domain = BOB.split("@")
    for number in range(1000):
        code, text = session.rcpt(f"{local}+{number}@{domain}")
        check(code == 250, f"recipient {number}: {code} {text}")
    code, text = session.rcpt(f"{local}+1000@{domain}")
    check(code == 452 and text.startswith(b"4.5.3"), f"{code} {text}")
    code, text = session.data(message(word))
    check(code == 250, f"{code} {text}")
    arrives(BOB, word, count=1000, seconds=120)


@case("MAIL, RCPT and DATA in one write are answered in order")
def _():
    wire = Wire("SUBMISSIONS", implicit=True)
    check("PIPELINING" in wire.ask("EHLO client.example"), "PIPELINING is not offered")
    wire.ask("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode())
    words = [token() for _ in range(20)]
    for word in words:
        wire.send(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\nRCPT TO:<nobody@{DOMAIN}>\r\nDATA\r\n".encode())
        codes = [wire.reply()[:3] for _ in range(4)]
        check(codes == ["250", "250", "550", "354"], f"{codes}")
        wire.send(message(word) + b".\r\n")
        check(wire.reply().startswith("250"), "DATA")
    for word in words:
        arrives(BOB, word)


@case("BDAT in odd chunks, also pipelined, comes through octet for octet")
def _():
    wire = Wire("SUBMISSIONS", implicit=True)
    check("CHUNKING" in wire.ask("EHLO client.example"), "CHUNKING is not offered")
    wire.ask("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode())
    for step in (1, 7, 1000):
        word = token()
        content = message(word, body=b".\r\n..\r\n.leading\r\n" + b"z" * 3000 + b"\r\n",
                          fields=["Date: Mon, 23 Nov 2026 10:00:00 +0000", f"Message-ID: <{word}@{DOMAIN}>"])
        wire.send(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\n".encode())
        replies = 2
        small, rest = content[:40], content[40:]  # single octets only for the first ones
        chunks = [small[i:i + step] for i in range(0, len(small), step)] + [rest]
        for chunk in chunks:
            wire.send(f"BDAT {len(chunk)}\r\n".encode() + chunk)
        wire.send(b"BDAT 0 LAST\r\n")
        codes = [wire.reply()[:3] for _ in range(replies + len(chunks) + 1)]
        check(set(codes) == {"250"}, f"step {step}: {codes}")
        check(is_what_was_sent(arrives(BOB, word)[0], content), f"step {step}: other octets")


@case("BINARYMIME is neither offered nor taken, unknown parameters get 555")
def _():
    wire = Wire("SUBMISSIONS", implicit=True)
    check("BINARYMIME" not in wire.ask("EHLO client.example"), "offered")
    wire.ask("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode())
    check(wire.ask(f"MAIL FROM:<{ALICE}> BODY=BINARYMIME")[:3] in ("501", "504", "555"), "BODY=BINARYMIME")
    check(wire.ask(f"MAIL FROM:<{ALICE}> COLOUR=red").startswith("555"), "an unknown parameter")


@case("mail for another domain is captured, with the address it was for")
def _():
    session, word = submission(), token()
    stored = deliver_to_captured(session, word)
    check(b"X-Original-To: eve@elsewhere.example" in stored, "no X-Original-To")


def deliver_to_captured(session, word):
    code, text = send(session, message(word, to="eve@elsewhere.example"), to="eve@elsewhere.example")
    check(code == 250, f"{code} {text}")
    return arrives(f"captured@{DOMAIN}", word)[0]


@case("port 25 is no way around: it relays for nobody")
def _():
    session = exchange()
    session.ehlo()
    check("auth" not in session.esmtp_features, "port 25 offers AUTH")
