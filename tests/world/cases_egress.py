"""Our own mail is looked at as its receiver will: an SPF record that does not allow us, and one that is mended meanwhile."""
import ssl
import time

import dns
from cases import PASSWORD, case, check, connect, deliver, letter
from hosts import OUR_ADDRESS, OUR_ADDRESS6, wait_for

SENDER, READER = "carol@second.test", "user@postfix.test"
BAD, GOOD = "v=spf1 -all", f"v=spf1 ip4:{OUR_ADDRESS} ip6:{OUR_ADDRESS6} -all"


def publish(world, spf):
    dns.replace(world.internet.names_host, dns.OUR_SECOND, [
        "second.test. 1 IN MX 10 mx.futar.test.", f'second.test. 1 IN TXT "{spf}"'])
    time.sleep(2)  # what our resolver knew has passed


def carol(world):
    world.ours.futar("domain", "add", "second.test")
    world.ours.futar("user", "add", SENDER, "--password-file", "-", given=PASSWORD + "\n")


def send(world):
    """Carol's letter to Postfix: its word."""
    word = world.word()
    content = letter(word, READER, sender=SENDER)
    session = connect("127.0.0.1", world.ours.submission_port)
    session.starttls(context=ssl._create_unverified_context())
    session.ehlo()
    session.login(SENDER, PASSWORD)
    world.remember(content, deliver(session, READER, content, SENDER))
    return word


def told(world, word, words):
    wait_for(f"'{words}' in the trace", lambda: words in world.events(word))


@case("what SPF does not allow goes out all the same, and trace and status say so with the record to publish")
def _(world):
    publish(world, BAD)
    carol(world)
    word = send(world)
    world.arrives((world.internet.postfix, READER), word)
    told(world, word, "our own check: SPF fail, DKIM none")
    status = world.ours.futar("status", check=False).stdout
    check("publish second.test TXT v=spf1 mx -all" in status, status)


@case("a record that is mended meanwhile counts after futar reload mta, and status is quiet about it")
def _(world):
    publish(world, GOOD)
    world.ours.futar("reload", "mta")
    word = send(world)
    told(world, word, "our own check: SPF pass, DKIM none")
    status = world.ours.futar("status", check=False).stdout
    check("second.test" not in status, status)


@case("under hold it is held with its reason; mended and released it goes, with a look of its own")
def _(world):
    publish(world, BAD)
    world.fresh(mta='egress_check = "hold"')
    carol(world)
    word = send(world)
    told(world, word, "held our own check: SPF fail")
    check("1 recipient is held" in world.ours.futar("status", check=False).stdout, "status says nothing")
    publish(world, GOOD)
    world.ours.futar("queue", "release", "--state", "held")
    world.arrives((world.internet.postfix, READER), word)
    told(world, word, "our own check: SPF pass, DKIM none")
    other = send(world)
    world.arrives((world.internet.postfix, READER), other)
