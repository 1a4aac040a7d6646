"""A Postfix with AUTH relays for us; and what hold and capture let out: nothing."""
import re
import socket
import time

import dns
from cases import ALICE, BOB, Skip, case, check, letter
from hosts import wait_for, write
from internet import SMART_PASSWORD, SMART_USER

OUTGOING, EVERYTHING, TCP, UDP = 4, 0x0003, 6, 17
TO = "user@postfix.test"


def secret_of(internet):
    return f"{internet.folder}/smart-password"


def ours(internet):
    write(secret_of(internet), SMART_PASSWORD + "\n", 0o600)
    return {"mta": f'smart_host = "smtp+tls://smart.test:25"\nsmart_host_user = "{SMART_USER}"\n'
                   f'smart_host_password_file = "{secret_of(internet)}"'}


def needs_logins(world):
    if not world.internet.has_logins:
        raise Skip("dovecot-core is not installed, and Postfix has nobody to ask about logins")


@case("the smart host takes our login over verified TLS and relays for us")
def _(world):
    needs_logins(world)
    word = world.word()
    world.submit(TO, letter(word, TO))
    stored = world.arrives((world.internet.postfix, TO), word)[0]
    check(b"smart.test (Postfix)" in stored, "it did not come by the smart host")
    login = re.search(r"sasl_method=(\S+), sasl_username=futar", world.internet.smart.host.log())
    check(login, "the smart host saw no login")
    return login[1]


@case("a wrong password defers with a clear reason and does not hammer; the right one is read anew")
def _(world):
    needs_logins(world)
    world.ours
    time.sleep(3)  # a session that has logged in stays for more mail
    write(secret_of(world.internet), "wrong\n", 0o600)

    def failures():
        return len(re.findall("authentication failed", world.internet.smart.host.log()))
    before, began, words = failures(), time.monotonic(), [world.word() for _ in range(20)]
    for word in words:
        world.submit(TO, letter(word, TO))
    told = wait_for("the reason", lambda: re.search(r".*(?:login|535).*", world.events(words[0])))
    time.sleep(max(0.0, 10 - (time.monotonic() - began)))
    tried = failures() - before
    check(0 < tried <= 12, f"{tried} logins in 10 s for 20 messages, with a retry after 2 s")
    check(all(world.waits(word) for word in words), "not all wait")
    write(secret_of(world.internet), SMART_PASSWORD + "\n", 0o600)
    for word in words:
        world.arrives((world.internet.postfix, TO), word)
    return f"{tried} logins in 10 s; \"{told[0].strip()[:80]}\""


class Tap:
    """Counts TCP and UDP packets that leave our host by the wire."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERYTHING))
        self.socket.bind(("eth0", EVERYTHING))
        self.socket.setblocking(False)

    def count(self):
        found = 0
        while True:
            try:
                packet, (_, _, direction, *_) = self.socket.recvfrom(65535)
            except BlockingIOError:
                return found
            protocol = packet[9] if packet[0] >> 4 == 4 else packet[6]
            found += direction == OUTGOING and protocol in (TCP, UDP)


def nothing_leaves(remote, words, look):
    @case(f'mta.remote = "{remote}": {words}; not one packet leaves, no name is asked for')
    def _(world):
        world.close()
        tap, asked = Tap(), dns.questions(world.internet.names_host)
        world.fresh(remote=remote, mta='smart_host = "smtp://smart.test:25"\nroutes = { "exim.test" = "smtp://mx.exim.test" }')
        sent = []
        for to in (TO, "user@exim.test", "user@nowhere.test", "user@[198.51.100.40]"):
            sent.append((world.word(), to))
            world.submit(to, letter(sent[-1][0], to))
        good = world.word()
        world.submit(BOB, letter(good, BOB))
        world.arrives(BOB, good)
        for word, _ in sent:
            look(world, word)
        time.sleep(3)  # more than retry_first
        packets, asked = tap.count(), dns.questions(world.internet.names_host) - asked
        check((packets, asked) == (0, 0), f"{packets} packets have left, {asked} questions were asked")


def is_held(world, word):
    wait_for("held", lambda: "held" in world.events(word))


nothing_leaves("hold", "mail for others waits as held", is_held)
nothing_leaves("capture", "mail for others lands in captured@", lambda world, word: world.arrives("captured@futar.test", word))
