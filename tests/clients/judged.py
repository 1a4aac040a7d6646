"""What SPF, DKIM and DMARC came to, as a mail program sees it: a spoof under p=quarantine lies in Junk over IMAP."""
import imaplib
import os
import smtplib
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

from harness import BOB, DOMAIN, HOST, PATIENCE_S, accounts, arrives, case, check, message, port, tls, token, trace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from nameserver import Nameserver  # noqa: E402

BALANCER, SPOOFER = "127.0.0.2", "203.0.113.9"  # a client of loopback is trusted: it comes through a balancer
ZONE = {"shop.example": [("TXT", "v=spf1 -all")], "_dmarc.shop.example": [("TXT", "v=DMARC1; p=quarantine")],
        "good.example": [("TXT", f"v=spf1 ip4:{SPOOFER} -all")], "_dmarc.good.example": [("TXT", "v=DMARC1; p=quarantine")]}
OPTIONS = []
if "FUTAR_CONFIG" not in os.environ:  # before the server: it shall find its DNS
    names, anchor = Nameserver(ZONE), tempfile.NamedTemporaryFile("w", prefix="futar-anchor-")
    print(f"nowhere.invalid. IN DS 1 8 2 {'00' * 32}", file=anchor, flush=True)  # nothing of ours is signed
    os.chmod(anchor.name, 0o644)
    OPTIONS += ["--set", f"mta.proxy_from={BALANCER}", "--set", "mta.remote=direct", "--set", f'dns.servers=["127.0.0.1@{names.port}"]', "--set", f"dns.anchor={anchor.name}"]


class Spoof(smtplib.SMTP):
    def _get_socket(self, host, number, timeout):
        connection = socket.create_connection((host, number), timeout=timeout, source_address=(BALANCER, 0))
        connection.sendall(b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11]) + struct.pack(">H", 12) + socket.inet_aton(SPOOFER) +
                           socket.inet_aton("192.0.2.1") + struct.pack(">HH", 4711, 25))
        return connection


def come(sender):
    """A stranger's message to bob; returns its word."""
    word = token()
    with Spoof(HOST, port("MX"), timeout=PATIENCE_S) as session:
        session.sendmail(sender, [BOB], message(word, sender=sender))
    return word


def found(folder, word):
    """The messages with that subject in a folder of bob's, by IMAP."""
    session = imaplib.IMAP4_SSL(HOST, port("IMAPS"), ssl_context=tls(), timeout=30)
    session.login(BOB, dict(accounts())[BOB])
    session.select(folder, readonly=True)
    numbers = session.search(None, "SUBJECT", word)[1][0].split()
    stored = [session.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]
    session.logout()
    return stored


@case("a spoof under p=quarantine is read in Junk over IMAP, with what was found in its header, and not in INBOX")
def _():
    word = come("user@shop.example")
    until = time.monotonic() + PATIENCE_S
    while not (stored := found("Junk", word)):
        check(time.monotonic() < until, f"nothing in Junk: {trace('--to', BOB)}")
        time.sleep(0.2)
    check(len(stored) == 1 and b"dmarc=fail" in stored[0] and b"policy.dmarc=quarantine" in stored[0], stored)
    check(not found("INBOX", word), "it is in INBOX, too")


@case("what SPF proves is in INBOX, and not in Junk")
def _():
    word = come("user@good.example")
    check(b"dmarc=pass" in arrives(BOB, word)[0], arrives(BOB, word))
    check(len(found("INBOX", word)) == 1 and not found("Junk", word), f"{DOMAIN}: in Junk")
