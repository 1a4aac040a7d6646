#!/usr/bin/python3
"""Sends a first message on the submission port, shows its way as `futar trace` tells it, and reads it back over IMAP
and POP3. A mail client like any other: all it knows is FUTAR_*."""
import email.utils
import imaplib
import os
import poplib
import smtplib
import ssl
import subprocess
import sys
import time

env = os.environ
TLS = ssl.create_default_context(cafile=env["FUTAR_CA"])
HOST = env["FUTAR_HOST"]
PATIENCE_S = 20


def say(text):
    print(text, file=sys.stderr, flush=True)


def compose():
    lines = [
        f"From: {env['FUTAR_USER']}", f"To: {env['FUTAR_USER2']}", "Subject: The first message",
        f"Date: {email.utils.formatdate()}", f"Message-ID: {email.utils.make_msgid(domain=env['FUTAR_DOMAIN'])}", "",
        "Welcome to Futár: this came by submission, transfer and delivery agent.", "",
    ]
    return "\r\n".join(lines).encode()


def submit(message):
    """Sends it; returns the id that the 250 named."""
    with smtplib.SMTP(HOST, int(env["FUTAR_SUBMISSION_PORT"]), timeout=PATIENCE_S) as smtp:
        smtp.starttls(context=TLS)
        smtp.login(env["FUTAR_USER"], env["FUTAR_PASSWORD"])
        smtp.mail(env["FUTAR_USER"])
        smtp.rcpt(env["FUTAR_USER2"])
        code, reply = smtp.data(message)
    if code != 250:
        raise RuntimeError(f"the answer was {code} {reply.decode(errors='replace')}")
    return reply.decode().split()[-1]


def fetch_by_imap():
    with imaplib.IMAP4_SSL(HOST, int(env["FUTAR_IMAPS_PORT"]), ssl_context=TLS, timeout=PATIENCE_S) as imap:
        imap.login(env["FUTAR_USER2"], env["FUTAR_PASSWORD2"])
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            imap.select("INBOX", readonly=True)
            found = imap.search(None, "SUBJECT", '"The first message"')[1][0].split()
            if found:
                return imap.fetch(found[-1].decode(), "(BODY.PEEK[])")[1][0][1]
            time.sleep(0.02)
    raise RuntimeError(f"it did not come within {PATIENCE_S} s")


def fetch_by_pop3():
    pop3 = poplib.POP3_SSL(HOST, int(env["FUTAR_POP3S_PORT"]), timeout=PATIENCE_S, context=TLS)
    pop3.user(env["FUTAR_USER2"])
    pop3.pass_(env["FUTAR_PASSWORD2"])
    message = b"\r\n".join(pop3.retr(pop3.stat()[0])[1]) + b"\r\n"
    pop3.quit()
    return message


def trace(message_id):
    """The lines of the way, without head and count."""
    done = subprocess.run([f"{env['FUTAR_BIN']}/futar", "--config", env["FUTAR_CONFIG"], "trace", message_id],
                          capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if line.startswith("  ")]


def main():
    sender, recipient = env["FUTAR_USER"], env["FUTAR_USER2"]
    message = compose()
    began = time.monotonic()
    message_id = submit(message)
    arrived = fetch_by_imap()
    took = time.monotonic() - began
    over_pop3 = fetch_by_pop3()
    say(f"message   {sender} -> {recipient}, sent on {env['FUTAR_SUBMISSION_PORT']}, its way:")
    for line in trace(message_id):
        say(line)
    if not arrived.endswith(message):
        raise RuntimeError("what came by IMAP is not what was sent")
    also = "POP3 too" if over_pop3 == arrived else "over POP3 it was another"
    say(f"  +{took:.3f} s  imap  {recipient.split('@')[0]} fetched it: the same {len(message)} octets; {also}")


try:
    main()
except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, poplib.error_proto, RuntimeError) as error:
    say(f"message   the first message did not make it: {error}; logs: {env['FUTAR_ROOT']}/log")
    sys.exit(1)
