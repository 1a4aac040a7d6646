"""Aliases that lead out: the return path is ours (SRS), bounces find back, loops end, nothing is relayed for strangers."""
import re

from cases import ALICE, case, check, connect, letter
from hosts import wait_for

FORWARDS = {"forward@futar.test": "user@postfix.test", "gone@futar.test": "gone@postfix.test", "ping@futar.test": "pong@postfix.test"}
SENDER = "user@exim.test"


def aliases(world):
    if not getattr(world, "has_aliases", False):
        for alias, target in FORWARDS.items():
            world.ours.futar("alias", "add", alias, target)
        world.has_aliases = True


@case("a forward goes out with a return path of ours")
def _(world):
    aliases(world)
    word = world.word()
    world.inject(world.internet.exim, "forward@futar.test", letter(word, "forward@futar.test", sender=SENDER), SENDER)
    stored = world.arrives((world.internet.postfix, "user@postfix.test"), word)[0]
    path = re.search(rb"^Return-Path: <(.*)>", stored, re.MULTILINE)[1].decode()
    check(re.fullmatch(r"SRS0=[^=]+=[^=]+=exim\.test=user@futar\.test", path), path)
    check(f"From: {SENDER}".encode() in stored, "From was changed")
    check(f"from=<{path}>" in world.internet.postfix.host.log(), "Postfix saw another MAIL FROM")
    return path


@case("our own user's mail through the alias keeps its return path")
def _(world):
    aliases(world)
    word = world.word()
    world.submit("forward@futar.test", letter(word, "forward@futar.test"))
    stored = world.arrives((world.internet.postfix, "user@postfix.test"), word)[0]
    check(f"Return-Path: <{ALICE}>".encode() in stored, stored[:200].decode())


@case("the bounce of a forward finds back to the first sender")
def _(world):
    aliases(world)
    word = world.word()
    world.inject(world.internet.exim, "gone@futar.test", letter(word, "gone@futar.test", sender=SENDER), SENDER)
    wait_for("the bounce at its sender", lambda: [
        content for content in world.found((world.internet.exim, SENDER), word) if b"multipart/report" in content])


@case("a forged return path of the same form is refused")
def _(world):
    aliases(world)
    session = connect()
    session.ehlo()
    session.mail("")
    for local in ("SRS0=abcd=XY=exim.test=user", "SRS0=====user", "SRS1=abcd=exim.test==abcd=XY=postfix.test=user", "srs0"):
        code, text = session.rcpt(f"{local}@futar.test")
        check(code // 100 == 5, f"{local}: {code} {text}")
    session.quit()


@case("two aliases that send to each other: the loop ends by the count of hops, and nobody is bounced to unproven")
def _(world):
    aliases(world)
    word = world.word()
    world.submit("ping@futar.test", letter(word, "ping@futar.test"))

    def passes():
        return [line for line in world.internet.postfix.host.log().splitlines() if f"message-id=<{word}@futar.test>" in line]
    wait_for("the end of the loop", lambda: "hopcount exceeded" in world.internet.postfix.host.log())
    wait_for("a held message", lambda: "held" in world.ours.futar("trace", "--to", "ping@futar.test").stdout)
    turns = len(passes())
    check(turns <= 51, f"{turns} turns")
    return f"{turns} turns"


@case("nothing is relayed: a stranger's mail for elsewhere gets 550, in every disguise")
def _(world):
    world.ours
    session = connect()
    session.ehlo()
    for to in ("user@postfix.test", "user%postfix.test@futar.test", "@futar.test:user@postfix.test",
               "postfix.test!user@futar.test", '"user@postfix.test"@futar.test', "user@postfix.test@futar.test",
               "user@[198.51.100.20]"):
        session.mail(SENDER)
        code, text = session.docmd(f"RCPT TO:<{to}>")
        check(code // 100 == 5, f"{to}: {code} {text}")
        session.rset()
    session.quit()


@case("a stranger's unproven mail for a forward that fails is not bounced to a forged sender")
def _(world):
    aliases(world)
    world.ours.futar("alias", "add", "dead@futar.test", "nobody@smtpd.test")
    word, forged = world.word(), "user@postfix.test"
    world.receive("dead@futar.test", letter(word, "dead@futar.test", sender=forged), forged)
    told = wait_for("its end", lambda: re.search(r".*(?:not proven|held).*", world.events(word)))
    check(not world.found((world.internet.postfix, forged), word), "backscatter")
    return told[0].strip()[:100]
