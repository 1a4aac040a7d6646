"""What does not work at once, or not at all: dead hosts, null MX, greylisting, words of a hostile peer."""
import re
import time

from cases import ALICE, BOB, case, check, letter
from hosts import wait_for


def refused(domain, status, words):
    @case(f"mail for {domain} is returned at once: {words}")
    def _(world):
        word, to = world.word(), f"user@{domain}"
        world.submit(to, letter(word, to))
        report, fields = world.report(word, "failed")
        check(fields["Status"] == status, f"{fields}")
        check(to in report, report)
        return " ".join(report.split())[:100]


refused("nullmx.test", "5.1.10", "it takes no mail (null MX)")
refused("nowhere.test", "5.1.2", "there is no such domain")


@case("a dead host: the mail waits, and the trace says why")
def _(world):
    word, to = world.word(), "user@deadhost.test"
    world.submit(to, letter(word, to))
    told = wait_for("an event", lambda: re.search(r".*mx\.deadhost\.test.*", world.events(word)))
    check(world.waits(word), "it does not wait")
    return told[0][:100]


@case("a dead first host: the second gets the mail")
def _(world):
    word, to = world.word(), "user@backup.test"
    world.submit(to, letter(word, to))
    world.arrives((world.internet.postfix, to), word)


@case("a domain without MX receives at its address")
def _(world):
    word, to = world.word(), "anybody@implicit.test"
    world.submit(to, letter(word, to))
    world.taken(word)


@case("greylisted: put off with the peer's words, and handed over at the next try")
def _(world):
    word, to = world.word(), f"{world.word()}@greylist.test"
    began = time.monotonic()
    world.submit(to, letter(word, to))
    world.taken(word)
    check("Greylisted, try again later" in world.events(word), world.events(word))
    return f"{time.monotonic() - began:.1f} s"


@case("4yz after the dot is later, 5yz after the dot is a report")
def _(world):
    first, second = world.word(), world.word()
    world.submit("full@sink.test", letter(first, "full@sink.test"))
    world.submit("spam@sink.test", letter(second, "spam@sink.test"))
    _, fields = world.report(second, "failed")
    check("not of that kind" in fields["Diagnostic-Code"], f"{fields}")
    wait_for("the words", lambda: "no room" in world.events(first))
    check(world.waits(first), "it does not wait")


@case("the connection is cut after the dot: sent again, so it may be there twice, and that is counted")
def _(world):
    word = world.word()
    world.submit("cut@sink.test", letter(word, "cut@sink.test"))
    world.taken(word, count=2)
    check("may have it" in world.events(word), world.events(word))


HOSTILE = {"lines": "a hundred lines", "nul": "NUL, escapes and no UTF-8", "long": "a megabyte in one line", "bare": "bare CR and LF",
           "shell": "shell characters"}


@case("hostile words in a refusal: each report is a clean message, and nothing runs")
def _(world):
    words = {}
    for local in HOSTILE:
        words[local] = world.word()
        world.submit(f"{local}@sink.test", letter(words[local], f"{local}@sink.test"))
    told = []
    for local, word in words.items():
        def settled():
            return world.found(ALICE, word) or (world.waits(word) and "mx.sink.test" in world.events(word))
        wait_for(f"an outcome for {local}", settled)
        for content in world.found(ALICE, word):
            told.append(local)
            check(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", content.replace(b"\r\n", b"\n")), f"{local}: control characters")
            check(len(content) < 100_000, f"{local}: a report of {len(content)} octets")
    return f"returned: {', '.join(told)}; the others wait"


@case("garbage, an empty line, mixed codes, 354 for RCPT, a reply without end: nothing is lost, nobody hangs")
def _(world):
    words = {local: world.word() for local in ("garbage", "empty", "mixed", "early", "endless")}
    for local, word in words.items():
        world.submit(f"{local}@sink.test", letter(word, f"{local}@sink.test"))
    good = world.word()
    world.submit(BOB, letter(good, BOB))
    world.arrives(BOB, good)  # our agents serve on
    for local, word in words.items():
        wait_for(f"an outcome for {local}", lambda: "mx.sink.test" in world.events(word), 60)
        check(world.waits(word) or world.found(ALICE, word), f"{local}: neither waits nor was returned: {world.events(word)}")


@case("what goes out has CRLF line ends and stuffed dots only, and no second message hides in it")
def _(world):
    word = world.word()
    body = b"first\r\n.\r\r\nMAIL FROM:<eve@futar.test>\r\n..\r\n.\r\n".replace(b"\r\r\n", b"\r\n") + b"x" * 900 + b"\r\n.last\r\n"
    world.submit("keep@sink.test", letter(word, "keep@sink.test", body=body))
    world.taken(word)
    kept = world.kept(word)
    check(not re.search(rb"\r(?!\n)|(?<!\r)\n", kept), "a bare CR or LF")
    check(all(line.startswith(b"..") for line in kept.split(b"\r\n") if line.startswith(b".")), "a dot that is not stuffed")
