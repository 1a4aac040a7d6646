"""A Futár whose programs are for arm64, each emulated by qemu, as `futar init` sets one up; its DNS is the test's own."""
import json
import os
import re
import smtplib
import ssl
import time

from nameserver import Nameserver
from world import AGENTS, PASSWORD, World

EMULATOR, DOMAIN, HOST = "qemu-aarch64-static", "arm64.test", "mail.arm64.test"
OWNER, READER, STRANGER = f"anna@{DOMAIN}", f"ben@{DOMAIN}", "ex@outside.test"
ZONE = {DOMAIN: [("MX", (10, HOST)), ("TXT", "v=spf1 mx -all")], HOST: [("A", "127.0.0.1")],
        "outside.test": [("MX", (10, "mx.outside.test")), ("TXT", "v=spf1 ip4:192.0.2.25 -all")],
        "mx.outside.test": [("A", "192.0.2.25")]}
PATIENCE_S = 120


def wrapped(folder, sysroot, unpacked):
    """Each program of the unpacked packages as a script that emulates it; the folder of these scripts."""
    os.mkdir(folder)
    for path in ("usr/bin/futar", *(f"usr/sbin/futar-{agent}" for agent in AGENTS)):
        with open(f"{folder}/{os.path.basename(path)}", "w") as out:
            out.write(f'#!/bin/sh\nexec {EMULATOR} -L {sysroot} {unpacked}/{path} "$@"\n')
        os.chmod(out.name, 0o755)
    return folder


def wait_for(words, question, seconds=PATIENCE_S):
    """What `question` answers, when it is true at last."""
    until = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > until:
            raise RuntimeError(f"waited {seconds} s in vain: {words}")
        time.sleep(0.2)
    return answer


class Emulated(World):
    def __init__(self, programs, root):
        super().__init__(programs, root, DOMAIN)
        os.unlink(self.config)
        self.dns = Nameserver(ZONE)
        with open(f"{root}/anchor", "w") as out:  # of a name that nobody asks for: this DNS is not signed
            out.write("none.invalid. IN DS 1 15 2 " + "00" * 32 + "\n")
        settings = {"state_dir": f"{self.disk}/state", "run_dir": f"{root}/run", "mda.mailboxes": self.mailboxes,
                    "mta.listen": f'["127.0.0.1:{self.mx_port}"]',
                    "msa.listen": f'["127.0.0.1:{self.submission_port}/starttls"]',
                    "dns.servers": f'["127.0.0.1@{self.dns.port}"]', "dns.anchor": f"{root}/anchor",
                    **{f"metrics.{agent}": "" for agent in AGENTS}}
        self.futar("init", DOMAIN, "--user", "anna", "--password-file", "-", "--address", "127.0.0.1",
                   *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")), given=PASSWORD + "\n")
        self.futar("user", "add", READER, "--password-file", "-", given=PASSWORD + "\n")

    def publish_keys(self):
        """The DNS shows the keys that mta has made, so that it signs; {name: record}."""
        def listed(*words):
            return self.answered("dkim", "list", DOMAIN, *words).get("selectors", [])
        keys = {one["name"]: one["record"] for one in wait_for("two keys", lambda: len(listed()) == 2 and listed())}
        self.dns.load(ZONE | {name: [("TXT", record)] for name, record in keys.items()})
        wait_for("keys that sign", lambda: {one["state"] for one in listed("--check")} == {"active"})
        return keys

    def submit(self, message):
        """As a mail program of anna's, to ben; the id that the reply names."""
        with smtplib.SMTP("127.0.0.1", self.submission_port, "laptop.test", PATIENCE_S) as session:
            session.starttls(context=ssl._create_unverified_context())
            session.login(OWNER, PASSWORD)
            session.mail(OWNER)
            session.rcpt(READER)
            code, text = session.data(message)
            found = re.search(rb"\b([0-9a-hjkmnp-tv-z]{26})$", text)
            if code != 250 or not found:
                raise RuntimeError(f"DATA: {code} {text}")
            return found[1].decode()

    def read(self, word):
        """The message in ben's mailbox that holds the word."""
        folder = f"{self.mailboxes}/{DOMAIN}/ben/new"
        for name in os.listdir(folder):
            with open(f"{folder}/{name}", "rb") as file:
                if word in (octets := file.read()):
                    return octets
        return b""

    def answered(self, *words):
        told = self.futar("--json", *words, check=False).stdout
        return json.loads(told) if told.startswith("{") else {}
