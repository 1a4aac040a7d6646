"""IMAP and POP3 over what mda delivers: Dovecot and mda share mailbox, quota and passwords."""
import imaplib
import poplib
import time

from harness import (ALICE, BOB, DOMAIN, HOST, PASSWORD, PATIENCE_S, accounts, arrives, case, check, env, exchange, files, futar, maildir,
                     message, port, program, send, submission, tls, token)

OPTIONS = ["--accounts", "3"]
STRANGER = "eve@elsewhere.example"
DOVECOT_LOOKS_S = 1.1  # it looks for a new passwd file once in a second at most (passwd_file_sync)


def imap(address=None):
    address = address or BOB
    session = imaplib.IMAP4_SSL(HOST, port("IMAPS"), ssl_context=tls(), timeout=30)
    session.login(address, dict(accounts())[address])
    return session


def put(word, to=None):
    code, text = send(exchange(), message(word, sender=STRANGER), sender=STRANGER, to=to)
    check(code == 250, f"{code} {text}")
    return arrives(to or BOB, word)[0]


@case("IMAP gives what stands in the Maildir, with CRLF lines; POP3 the same")
def _():
    word = token()
    stored = put(word).replace(b"\n", b"\r\n")
    session = imap()
    session.select("INBOX")
    number = session.search(None, "SUBJECT", word)[1][0].decode()
    check(session.fetch(number, "(BODY.PEEK[])")[1][0][1] == stored, "IMAP gives other octets")
    pop3 = poplib.POP3_SSL(HOST, port("POP3S"), context=tls(), timeout=30)
    pop3.user(BOB)
    pop3.pass_(env["FUTAR_PASSWORD2"])
    check(b"\r\n".join(pop3.retr(int(number))[1]) + b"\r\n" == stored, "POP3 gives other octets")
    pop3.quit()


@case("IMAP and POP3 also by STARTTLS; a wrong password is refused")
def _():
    session = imaplib.IMAP4(HOST, port("IMAP"), timeout=30)
    session.starttls(tls())
    check(session.login(BOB, env["FUTAR_PASSWORD2"])[0] == "OK", "IMAP")
    pop3 = poplib.POP3(HOST, port("POP3"), timeout=30)
    pop3.stls(tls())
    pop3.user(BOB)
    try:
        pop3.pass_("wrong")
        check(False, "a wrong password was taken")
    except poplib.error_proto:
        pass


@case("SCRAM-SHA-256 logs in to Dovecot from the published keys")
def _():
    status, told = program("gsasl", "--imap", "--mechanism=SCRAM-SHA-256", f"--authentication-id={BOB}",
                           f"--password={env['FUTAR_PASSWORD2']}", "--no-cb", f"--x509-ca-file={env['FUTAR_CA']}",
                           "--quiet", f"--connect={HOST}:{port('IMAP')}", text=b"")
    check(status == 0, told[-300:])


@case("Sent, Drafts, Junk and Trash are special-use folders")
def _():
    told = b" ".join(imap().list()[1]).decode()
    for folder in ("Sent", "Drafts", "Junk", "Trash"):
        check(f"\\{folder}" in told, f"{folder}: {told}")


@case("the size in a file's name is its size, and a message keeps its file when Dovecot flags it")
def _():
    word = token()
    put(word)
    session = imap()
    session.select("INBOX")
    session.store(session.search(None, "SUBJECT", word)[1][0].decode(), "+FLAGS", "\\Seen")
    for path in files(BOB):
        size = int(path.name.split(",S=")[1].split(",")[0].split(":")[0])
        check(path.stat().st_size == size, f"{path.name} has {path.stat().st_size} octets")


@case("IDLE tells of new mail at once")
def _():
    session = imap(ALICE)
    session.select("INBOX")
    session.send(b"a1 IDLE\r\n")
    check(session.readline().startswith(b"+"), "IDLE was refused")
    put(token(), to=ALICE)
    check(b"EXISTS" in session.readline(), "no EXISTS")
    session.send(b"DONE\r\n")


@case("the quota is shared: a full mailbox gets 452 4.2.2 at RCPT, and what IMAP removes makes room again")
def _():
    address = f"full@{DOMAIN}"
    futar("user", "add", address, "--password-file", "-", "--quota", "300KiB", text=PASSWORD + "\n")

    def one():
        return send(exchange(), message(token(), sender=STRANGER, body=(b"x" * 998 + b"\r\n") * 15), sender=STRANGER, to=address)

    def until(wanted):
        end, replies = time.monotonic() + PATIENCE_S, []
        while not replies or replies[-1][0] != wanted:
            check(time.monotonic() < end, f"never {wanted}: {replies[-3:]}")
            replies.append(one())
            time.sleep(0.1)
        return replies
    replies = until(452)
    check("4.2.2" in replies[-1][1] and 15 <= len(replies) <= 60, f"{replies}")
    session = imaplib.IMAP4_SSL(HOST, port("IMAPS"), ssl_context=tls(), timeout=30)
    session.login(address, PASSWORD)
    used = str(session.getquotaroot("INBOX")[1])
    check("STORAGE" in used and " 300)" in used, f"Dovecot's quota: {used}")
    session.select("INBOX")
    session.store("1:*", "+FLAGS", "\\Deleted")
    session.expunge()
    session.logout()
    until(250)
    check((maildir(address) / "maildirsize").exists(), "no maildirsize")


@case("a suspended account: no IMAP, no submission, 550 5.2.1 at RCPT; resumed it is as before")
def _():
    address, word = accounts()[2]
    futar("user", "suspend", address)
    for login, seen_after_s in ((lambda: submission(address, word), 0), (lambda: imap(address), DOVECOT_LOOKS_S)):
        time.sleep(seen_after_s)
        try:
            login()
        except Exception:
            continue
        check(False, "a suspended account logged in")
    code, text = send(exchange(), message(token(), sender=STRANGER), sender=STRANGER, to=address)
    check(code == 550 and "5.2.1" in text, f"{code} {text}")
    futar("user", "resume", address)
    put(token(), to=address)
    time.sleep(DOVECOT_LOOKS_S)
    imap(address)
