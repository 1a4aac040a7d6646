"""Mail both ways with each of Postfix, Exim and OpenSMTPD."""
import random
import re
import time

from cases import BOB, Skip, came_by_tls, case, check, letter
from hosts import wait_for

PEERS = ("postfix", "exim", "smtpd")
NO_HANDSHAKE = "smtpd"  # see opensmtpd.py
TEXT = "Árvíztűrő tükörfúrógép\r\n"


def ours(_):
    """The peers' senders count as proven, so that they get reports."""
    return {"mta": 'relay_networks = ["198.51.100.20/30", "198.51.100.30/31", "198.51.100.40/31", "2001:db8::20/124", '
                   '"2001:db8::30/128", "2001:db8::40/128"]'}


def body_of(content):
    return content.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


def to_them(peer):
    @case(f"to {peer}: over TLS, and in clear where it offers none" if peer != NO_HANDSHAKE else
          f"to {peer}: in clear after its handshake has failed, since nothing was promised")
    def _(world):
        server = getattr(world.internet, peer)
        for domain, secure in ((f"{peer}.test", peer != NO_HANDSHAKE), (f"plain.{peer}.test", False)):
            word, to = world.word(), f"user@{domain}"
            world.submit(to, letter(word, to))
            stored = world.arrives((server, to), word)[0]
            check(came_by_tls(stored) == secure, f"its Received says {stored.partition(b'Received:')[2][:300].decode()}")
            wait_for("the trace tells it", lambda: re.search(r"handed over to mx\." + domain, world.events(word)))

    @case(f"to {peer}: 8-bit content, dots, long lines and no line end come as they were sent")
    def _(world):
        word, to = world.word(), f"user@{peer}.test"
        body = (TEXT + ".\r\n..\r\n.x\r\n" + "y" * 990 + "\r\n" + "ő" * 400 + "\r\nthe end\r\n").encode()
        content = letter(word, to, body=body, fields=["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
                                                      "Content-Transfer-Encoding: 8bit"])
        world.submit(to, content, options=["BODY=8BITMIME"])
        stored = world.arrives((getattr(world.internet, peer), to), word)[0]
        check(body_of(stored) == body_of(content), "other octets")

    @case(f"to {peer}: internationalized addresses, or a report that it takes none")
    def _(world):
        word, to = world.word(), f"űr@{peer}.test"
        world.submit(to, letter(word, to, body=TEXT.encode()), options=["SMTPUTF8", "BODY=8BITMIME"])
        if peer != "smtpd":
            world.arrives((getattr(world.internet, peer), to), word)
            return "it takes them"
        report, fields = world.report(word, "failed")
        check(fields["Status"] == "5.6.7", f"{fields}")
        return "it takes none, the report says so"

    @case(f"to {peer}: 10 MiB")
    def _(world):
        word, to, chance = world.word(), f"user@{peer}.test", random.Random(7)
        lines = [f"{chance.getrandbits(280):070x}\r\n".encode() for _ in range(1000)]
        content = letter(word, to, body=b"".join(chance.choices(lines, k=145_636)))
        began = time.monotonic()
        world.submit(to, content)
        stored = world.arrives((getattr(world.internet, peer), to), word, seconds=60)[0]
        check(body_of(stored) == body_of(content), "other octets")
        return f"{len(content) / (1 << 20):.1f} MiB in {time.monotonic() - began:.1f} s"

    @case(f"to {peer}: 500 recipients get it once each")
    def _(world):
        word, server = world.word(), getattr(world.internet, peer)
        everybody = [f"u{number:03}@{peer}.test" for number in range(1, 501)]
        for at in range(0, 500, 250):
            world.submit(everybody[at:at + 250], letter(word, "everybody@futar.test"))

        def missing():
            return [to for to in everybody if len(world.found((server, to), word)) != 1]
        wait_for("all 500", lambda: not missing(), 90, pause=0.5)

    @case(f"to {peer}: a success report is asked for, and comes")
    def _(world):
        word, to = world.word(), f"user@{peer}.test"
        world.submit(to, letter(word, to), options=["RET=HDRS", f"ENVID={word}"],
                     each=["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;friend@{peer}.test"])
        world.arrives((getattr(world.internet, peer), to), word)
        try:
            _, fields = world.report(word, "delivered", 5)  # theirs: they took over NOTIFY
        except TimeoutError:
            if peer != "smtpd":
                raise
            world.internet.smtpd.hurry()
            _, fields = world.report(word, "delivered")
        check(peer == "smtpd" or f"friend@{peer}.test" in fields["Original-Recipient"], f"no ORCPT: {fields}")  # it drops that

    @case(f"to {peer}: an unknown user: the sender gets a report with its words")
    def _(world):
        word, to = world.word(), f"nobody@{peer}.test"
        world.submit(to, letter(word, to))
        report, fields = world.report(word, "failed")
        check(re.match(r"smtp; 5\d\d .*\w", fields["Diagnostic-Code"]) and fields["Status"][0] == "5", f"{fields}")
        check(to in report, report)
        return fields["Diagnostic-Code"][:80]


def from_them(peer):
    @case(f"from {peer}: 8-bit content comes as it was sent")
    def _(world):
        world.ours
        word, server = world.word(), getattr(world.internet, peer)
        content = letter(word, BOB, sender=f"user@{peer}.test", body=(TEXT + ".\r\n..dots\r\n").encode(),
                         fields=["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
                                 "Content-Transfer-Encoding: 8bit"])
        world.inject(server, BOB, content, f"user@{peer}.test", options=["BODY=8BITMIME"])
        check(body_of(world.arrives(BOB, word)[0]) == body_of(content), "other octets")

    @case(f"from {peer}: internationalized sender")
    def _(world):
        if peer == "smtpd":
            raise Skip("OpenSMTPD has no SMTPUTF8")
        world.ours
        word, server = world.word(), getattr(world.internet, peer)
        world.inject(server, BOB, letter(word, BOB, sender=f"űr@{peer}.test"), f"űr@{peer}.test",
                     options=["SMTPUTF8", "BODY=8BITMIME"])
        check(f"Return-Path: <űr@{peer}.test>".encode() in world.arrives(BOB, word)[0], "another Return-Path")

    @case(f"from {peer}: 10 MiB")
    def _(world):
        world.ours
        word, server = world.word(), getattr(world.internet, peer)
        content = letter(word, BOB, sender=f"user@{peer}.test", body=b"0123456789abcdef" * 4 + b"\r\n")
        content += (b"fedcba9876543210" * 4 + b"\r\n") * 158_875
        world.inject(server, BOB, content, f"user@{peer}.test")
        check(body_of(world.arrives(BOB, word, seconds=60)[0]) == body_of(content), "other octets")

    @case(f"from {peer}: a success report goes back to it")
    def _(world):
        world.ours
        word, server, sender = world.word(), getattr(world.internet, peer), f"user@{peer}.test"
        world.inject(server, BOB, letter(word, BOB, sender=sender), sender, each=["NOTIFY=SUCCESS", f"ORCPT=rfc822;{BOB}"])
        world.arrives(BOB, word)
        wait_for("a report", lambda: [one for one in world.found((server, sender), word) if b"Action: delivered" in one])


for one in PEERS:
    to_them(one)
    from_them(one)
