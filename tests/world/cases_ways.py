"""Which way mail goes: IPv6, routes of the config, one session for many messages; and what `futar route` says of it."""
import re

from cases import ALICE, case, check, letter
from hosts import wait_for

# Its PTR is confirmed for IPv4 alone, so that auto means IPv4.


@case("many messages to one host go through few sessions")
def _(world):
    to, server = "user@postfix.test", world.internet.postfix
    words = [world.word() for _ in range(100)]
    before = server.host.log().count("disconnect from mx.futar.test")
    for word in words:
        world.submit(to, letter(word, to))
    for word in words:
        world.arrives((server, to), word)
    sessions = server.host.log().count(": connect from mx.futar.test") - before
    world.words = words[:1]
    check(sessions <= 25, f"{sessions} sessions")
    return f"100 messages, {sessions} sessions"


@case("mta.ip = auto sends by IPv4, as our IPv6 address has no confirmed name; ipv6 sends by IPv6")
def _(world):
    for ip, address in (("auto", b"198.51.100.10"), ("ipv6", b"2001:db8::10")):
        world.fresh(mta=f'ip = "{ip}"')
        word, to = world.word(), "user@exim.test"
        world.submit(to, letter(word, to))
        stored = world.arrives((world.internet.exim, to), word)[0]
        check(address in stored.partition(b"Received:")[2][:200], f"{ip}: {stored[:300].decode()}")


ROUTES = '''routes = { "exim.test" = "smtp://mx.sink.test", "*.sub.test" = "smtp://198.51.100.60:25" }
sender_routes = { "alice@futar.test" = "smtp://smart.test" }'''


@case("routes by domain come before routes by sender, both before the DNS")
def _(world):
    world.fresh(mta=ROUTES)
    for to in ("user@exim.test", "anybody@deep.sub.test"):
        word = world.word()
        world.submit(to, letter(word, to))
        world.taken(word)
    for sender, way in ((ALICE, "smart.test"), ("user@exim.test", "postfix.test")):
        told = world.ours.futar("route", "user@postfix.test", "--from", sender).stdout
        check(way in told, f"{sender}: {told}")


@case("futar route says what would happen, and why not")
def _(world):
    world.fresh()
    for address, words in (("user@postfix.test", r"mx\.postfix\.test.*"), ("user@nullmx.test", "(?i)null MX|takes no mail"),
                           ("user@nowhere.test", "(?i)no such domain|does not exist"), ("bob@futar.test", "(?i)lives here|mailbox"),
                           ("nobody@futar.test", "(?i)nobody|unknown|no such"), ("user@dane-wrong.test", "DANE|TLSA"),
                           ("user@sts.test", "MTA-STS")):
        told = world.ours.futar("route", address, check=False).stdout
        check(re.search(words, told), f"{address}: {told or 'nothing'}")


@case("mail that waits for a dead host goes through another server when the operator says so")
def _(world):
    world.fresh(retry="1h")
    word, to = world.word(), "user@d0002.dead.test"
    world.submit(to, letter(word, to))
    wait_for("the end of an attempt", lambda: "refused" in world.ours.futar("queue").stdout)
    told = world.ours.futar("route", to).stdout
    check(re.search("waits until.*refused", told), told)
    world.ours.futar("queue", "reroute", "--to", "d0002.dead.test", "--via", "smtp://mx.sink.test")
    world.taken(word)
    check("asked by" in world.events(word), world.events(word))
