"""Port 25 as other servers use it: who lives here, what is refused, and that nothing is relayed."""
import os
import socket
import ssl

from harness import (ALICE, BOB, DOMAIN, HOST, Wire, arrives, case, check, exchange, futar, is_what_was_sent, message, port,
                     send, tls, token)

OPTIONS = []
STRANGER = "eve@elsewhere.example"


@case("mail for a mailbox is taken and arrives as it was sent, plain and after STARTTLS")
def _():
    for secure in (False, True):
        session, word = exchange(), token()
        if secure:
            session.starttls(context=tls())
        content = message(word, sender=STRANGER)
        code, text = send(session, content, sender=STRANGER)
        check(code == 250 and text.split()[-1].isalnum() and "queued as" in text, f"{code} {text}")
        stored = arrives(BOB, word)[0]
        check(is_what_was_sent(stored, content), "other octets")
        check(stored.startswith(b"Return-Path: <" + STRANGER.encode() + b">\n"), "no Return-Path on top")
        check(f"Delivered-To: {BOB}\n".encode() in stored, "no Delivered-To")


@case("a message without From, Date or any header is taken; BDAT without a last line end gets one")
def _():
    word = token()
    code, text = send(exchange(), f"{word}\r\n".encode(), sender=STRANGER)
    check(code == 250, f"{code} {text}")
    arrives(BOB, word)
    wire, word = Wire(), token()
    wire.ask("EHLO client.example")
    wire.send(f"MAIL FROM:<{STRANGER}>\r\nRCPT TO:<{BOB}>\r\n".encode())
    content = message(word, body=b"no end")
    wire.send(f"BDAT {len(content)} LAST\r\n".encode() + content)
    codes = [wire.reply()[:3] for _ in range(3)]
    check(codes == ["250"] * 3, f"{codes}")
    check(arrives(BOB, word)[0].endswith(b"\n\nno end\n"), "no line end was added")


@case("nothing is relayed: other domains, percent hack, source routes, bang paths get 550")
def _():
    wire = Wire()
    wire.ask("EHLO client.example")
    for path in (STRANGER, f"eve%elsewhere.example@{DOMAIN}", f"@{DOMAIN}:{STRANGER}", f"elsewhere.example!eve@{DOMAIN}",
                 f'"{STRANGER}"@{DOMAIN}', f"eve@[{HOST}]", "eve@elsewhere.example@" + DOMAIN, "@" + STRANGER):
        check(wire.ask(f"MAIL FROM:<{STRANGER}>").startswith("250"), "MAIL")
        reply = wire.ask(f"RCPT TO:<{path}>")
        check(reply[0] == "5", f"RCPT TO:<{path}> got {reply}")
        wire.ask("RSET")


@case("an unknown user gets 550 5.1.1; postmaster, also without a domain, and abuse are there")
def _():
    wire = Wire()
    wire.ask("EHLO client.example")
    wire.ask(f"MAIL FROM:<{STRANGER}>")
    check(wire.ask(f"RCPT TO:<nobody@{DOMAIN}>").startswith("550 5.1.1"), "unknown user")
    for address in ("postmaster", f"Postmaster@{DOMAIN}", f"abuse@{DOMAIN}", f"MAILER-DAEMON@{DOMAIN}"):
        check(wire.ask(f"RCPT TO:<{address}>").startswith("250"), address)


@case("subaddress, upper case and a quoted local part reach the mailbox")
def _():
    local, domain = BOB.split("@")
    for address in (f"{local}+list@{domain}", f"{local.upper()}@{domain.upper()}", f'"{local}"@{domain}'):
        word = token()
        code, text = send(exchange(), message(word, sender=STRANGER), sender=STRANGER, to=address)
        check(code == 250, f"{address}: {code} {text}")
        arrives(BOB, word)


@case("several recipients get one copy each, the same one twice gets it once")
def _():
    session, word = exchange(), token()
    code, text = send(session, message(word, sender=STRANGER), sender=STRANGER, to=[ALICE, BOB, BOB])
    check(code == 250, f"{code} {text}")
    arrives(ALICE, word)
    arrives(BOB, word)


@case("paths out of the mailbox folder are refused or stay inside")
def _():
    wire = Wire()
    wire.ask("EHLO client.example")
    wire.ask(f"MAIL FROM:<{STRANGER}>")
    for local in ("../alice", '"../../x"', "bob/../alice", ".bob", '".."', "bob+../../x", '"bob\\/x"'):
        reply = wire.ask(f"RCPT TO:<{local}@{DOMAIN}>")
        # A detail may be anything: it names no folder here.
        check(reply[0] == "5" or local.startswith("bob+"), f"RCPT TO:<{local}@{DOMAIN}> got {reply}")


@case("verbs out of order get 503, unknown ones 500, VRFY tells nothing")
def _():
    wire = Wire()
    check(wire.greeting.startswith("220 ") and "ESMTP" in wire.greeting, f"greeting {wire.greeting}")
    for command, code in ((f"MAIL FROM:<{STRANGER}>", "503"), ("EHLO client.example", "250"), (f"RCPT TO:<{BOB}>", "503"),
                          ("DATA", "503"), ("FROBNICATE", "500"), (f"VRFY {BOB}", "252"), ("NOOP", "250"), ("RSET", "250"),
                          ("HELP", "214"), ("HELO client.example", "250"), ("QUIT", "221")):
        reply = wire.ask(command)
        check(reply.startswith(code), f"{command}: {reply}")


@case("the capabilities are those of the design")
def _():
    wire = Wire()
    told = [line[4:].split()[0].upper() for line in wire.ask("EHLO client.example").split("\n")[1:]]
    wanted = {"PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE", "CHUNKING", "ENHANCEDSTATUSCODES", "DSN", "STARTTLS"}
    check(wanted <= set(told), f"missing: {wanted - set(told)}")
    check("BINARYMIME" not in told and "AUTH" not in told, f"{told}")
    return " ".join(told)


@case("a loop of more than 100 Received fields ends with 554 5.4.6")
def _():
    fields = [f"Received: from a by b; Mon, 23 Nov 2026 10:00:{n % 60:02} +0000" for n in range(101)]
    code, text = send(exchange(), message(token(), sender=STRANGER, fields=fields), sender=STRANGER)
    check(code == 554 and "5.4.6" in text, f"{code} {text}")


@case("an HTTP request to an SMTP port sends nothing and is closed")
def _():
    for where in ("MX", "SUBMISSION"):
        wire, word = Wire(where), token()
        wire.send(f"POST / HTTP/1.1\r\nHost: {HOST}\r\n\r\nEHLO x\r\nMAIL FROM:<{STRANGER}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n"
                  f"Subject: {word}\r\n\r\n.\r\n".encode())
        replies = []
        try:
            while True:
                replies.append(wire.reply())
        except (EOFError, OSError):
            pass
        check(not any(reply.startswith(("250", "354")) for reply in replies), f"{replies}")


@case("TLS with another protocol in ALPN is refused (ALPACA)")
def _():
    context = tls()
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with context.wrap_socket(socket.create_connection((HOST, port("SUBMISSIONS")), 10), server_hostname=HOST) as found:
            chosen = found.selected_alpn_protocol()
            found.recv(100)
            check(False, f"the handshake went through, ALPN {chosen}")
    except ssl.SSLError:
        pass


@case("shell characters in sender and recipient are data: the message arrives and nothing runs (CVE-2019-10149)")
def _():
    word = token()
    marks = [f"/tmp/{word}{n}" for n in range(3)]
    local, domain = BOB.split("@")
    sender = f'"$(touch {marks[0]})"@elsewhere.example'
    for recipient in (f'"{local}+`touch {marks[1]}`"@{domain}', f'"{local}+;touch {marks[2]}|x"@{domain}'):
        code, text = send(exchange(), message(word, sender=STRANGER), sender=sender, to=recipient)
        check(code in (250, 550, 553, 501), f"{code} {text}")
    code, text = send(exchange(), message(word + "last", sender=STRANGER), sender=STRANGER)
    check(code == 250, f"{code} {text}")
    arrives(BOB, word + "last")
    check(not any(os.path.exists(mark) for mark in marks), "something ran")


@case("control characters in HELO and MAIL reach neither the message nor the trace")
def _():
    wire, word = Wire(), token()
    for greeting in (b"EHLO \x1b[31mred\x07\r\n", b"EHLO a\0b\r\n", b"EHLO client.example\tx\r\n"):
        wire.send(greeting)
        wire.reply()
    wire.ask("EHLO client.example")
    wire.send(f'MAIL FROM:<"\x1b[2J"@elsewhere.example>\r\n'.encode())
    wire.reply()
    wire.ask("RSET")
    wire.send(f"MAIL FROM:<{STRANGER}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n".encode())
    check([wire.reply()[:3] for _ in range(3)] == ["250", "250", "354"], "the session is out of step")
    wire.send(message(word, sender=STRANGER) + b".\r\n")
    check(wire.reply().startswith("250"), "refused")
    head = arrives(BOB, word)[0].split(b"\n\n")[0]
    told = futar("trace", "--last", "5m").encode()
    check(not any(octet in head + told for octet in (b"\x1b", b"\0", b"\x07")), "a control character came through")
