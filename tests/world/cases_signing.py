"""What leaves in our name is signed, by keys that the DNS shows; a DNS that changes, and keys that change with it."""
import json
import re
import signal
import subprocess

import dns
from cases import ALICE, Skip, case, check, letter
from hosts import wait_for

try:
    import dkim
    import nacl  # noqa: F401
except ImportError:
    dkim = None

READER = "user@postfix.test"
KINDS = ["ed25519", "rsa"]


def keys(world, *words):
    """The selectors as `futar dkim list --json` has them."""
    return json.loads(world.ours.futar("--json", "dkim", "list", "futar.test", *words).stdout)["selectors"]


def without_yes(world, *words):
    return subprocess.run([f"{world.ours.programs}/futar", "--config", world.ours.config, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def strings(text):
    return " ".join(f'"{text[at:at + 255]}"' for at in range(0, len(text), 255))


def publish(world, selectors):
    """These and no others are in the DNS."""
    dns.replace(world.internet.names_host, dns.OUR_KEYS, [f"{s['name']}. 300 IN TXT {strings(s['record'])}" for s in selectors])


def signs(world):
    """The selectors that sign, after a look into the DNS."""
    return sorted(s["selector"] for s in keys(world, "--check") if s["state"] == "active")


def public_key(world):
    """For dkimpy: what the name server says of a name."""
    def look(name, timeout=5):
        told = world.internet.names_host.run("drill", "TXT", name.decode(), f"@{dns.SERVER}")
        found = re.search(rf"^{re.escape(name.decode())}\t.*\tTXT\t(.*)$", told, re.MULTILINE)
        return "".join(re.findall(r'"([^"]*)"', found[1])).encode() if found else None
    return look


def proven(world, content):
    """{selector: whether dkimpy proves its signature} of a stored message."""
    if not dkim:
        raise Skip("dkimpy is not installed (python3-dkim, python3-nacl)")
    content = re.sub(rb"\r?\n", b"\r\n", content)
    head = content.split(b"\r\n\r\n")[0]
    selectors = [re.search(rb"\bs=(\w+)", field)[1].decode()
                 for field in re.findall(rb"^DKIM-Signature:(?:.*\r\n)(?:[ \t].*\r\n)*", head, re.MULTILINE)]
    return {selector: is_proven(world, content, at) for at, selector in enumerate(selectors)}


def is_proven(world, content, number):
    try:
        return dkim.DKIM(content).verify(idx=number, dnsfunc=public_key(world))
    except dkim.DKIMException:
        return False


def sent(world):
    """A message of alice's to Postfix: (its word, as it is stored there)."""
    word = world.word()
    world.submit(READER, letter(word, READER, body="Grüße, und so weiter. \r\n\r\n\r\n".encode() * 50,
                                fields=("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8")), options=("BODY=8BITMIME",))
    return word, world.arrives((world.internet.postfix, READER), word)[0]


@case("our domain gets two keys by itself; before the DNS shows them mail leaves unsigned, and its trace says why")
def _(world):
    wait_for("the keys", lambda: len(keys(world)) == 2)
    check(sorted(s["type"] for s in keys(world)) == KINDS, keys(world))
    check(signs(world) == [], keys(world))
    word, stored = sent(world)
    check(b"DKIM-Signature" not in stored, stored[:500])
    check("not signed: futar.test has no key that the DNS shows" in world.events(word), world.events(word))
    words = world.ours.futar("dkim", "list").stdout
    check("the name server does not show it: its key is not in the DNS" in words, words)


@case("what futar dns prints is published, and from then on mail carries two signatures that dkimpy proves by the DNS")
def _(world):
    zone = world.ours.futar("dns", "futar.test", "--zone").stdout
    lines = [line for line in zone.splitlines() if "._domainkey.futar.test. " in line and not line.startswith(";")]
    check(len(lines) == 2, zone)
    dns.replace(world.internet.names_host, dns.OUR_KEYS, lines)
    check(len(signs(world)) == 2, keys(world))
    word, stored = sent(world)
    told = proven(world, stored)
    check(sorted(told) == signs(world) and all(told.values()), f"{told}\n{stored.decode()}")
    check("signed for futar.test with selectors " in world.events(word), world.events(word))
    check(not any(proven(world, stored.replace(b"weiter", b"heiter")).values()), "a changed body is proven")
    return ", ".join(told)


@case("a report of our own is signed, too")
def _(world):
    word = world.word()
    world.submit("user@nullmx.test", letter(word, "user@nullmx.test"))
    world.report(word, "failed")
    report = next(content for content in world.found(ALICE, word) if b"multipart/report" in content)
    told = proven(world, report)
    check(len(told) == 2 and all(told.values()), f"{told}\n{report.decode()}")


@case("rotation: the next keys sign when the DNS shows them; the last stay until no message that waits carries them")
def _(world):
    last = keys(world)
    before = signs(world)
    word = world.word()
    world.submit("user@deadhost.test", letter(word, "user@deadhost.test"))
    world.ours.futar("dkim", "rotate", "futar.test")
    check(signs(world) == before, keys(world))
    check(sorted(proven(world, sent(world)[1])) == before, "another key signs")
    publish(world, keys(world))
    after = signs(world)
    check(len(after) == 2 and not set(after) & set(before), keys(world))
    told = proven(world, sent(world)[1])
    check(sorted(told) == after and all(told.values()), told)
    words = world.ours.futar("dkim", "list").stdout
    check(words.count("leave it in the DNS: 1 queued message still carries it") == 2, words)
    refused = without_yes(world, "dkim", "retire", "futar.test", before[0])
    check(refused.returncode == 64 and "is still carried by 1 queued message" in refused.stderr, refused.stderr)

    world.ours.futar("queue", "remove", "--to", "@deadhost.test")
    wait_for("nothing that carries them", lambda: world.ours.futar("dkim", "list").stdout.count("safe to remove") == 2)
    for selector in before:
        check(without_yes(world, "dkim", "retire", "futar.test", selector).returncode == 0, selector)
    publish(world, keys(world))
    check(signs(world) == after and len(keys(world)) == 2, keys(world))
    check(all(proven(world, sent(world)[1]).values()), "not proven")
    check({s["selector"] for s in last} == set(before), last)
    return f"{', '.join(before)} then {', '.join(after)}"


@case("a restart signs as before, and a key that has gone from the DNS signs no more")
def _(world):
    before = signs(world)
    world.ours.agents["mta"].restart(signal.SIGKILL, {})
    wait_for("mta", lambda: world.ours.futar("dkim", "list", check=False).returncode == 0)
    check(sorted(proven(world, sent(world)[1])) == before, "another key signs")
    rsa = [s for s in keys(world) if s["type"] == "rsa"]
    publish(world, rsa)
    check(signs(world) == [rsa[0]["selector"]], keys(world))
    told = proven(world, sent(world)[1])
    check(told == {rsa[0]["selector"]: True}, told)


def chain(world, content):
    """(cv, how many sets) of the ARC chain, as dkimpy judges it."""
    if not dkim:
        raise Skip("dkimpy is not installed (python3-dkim, python3-nacl)")
    verdict, sets, reason = dkim.ARC(re.sub(rb"\r?\n", b"\r\n", content)).verify(dnsfunc=public_key(world))
    return verdict.decode(), len(sets), reason


@case("a stranger's mail through an alias goes out sealed: dkimpy proves the chain, and reads what we found; no DKIM of ours")
def _(world):
    sender, alias = "user@exim.test", "seals@futar.test"
    world.ours.futar("alias", "add", alias, READER)
    word = world.word()
    world.inject(world.internet.exim, alias, letter(word, alias, sender=sender), sender)
    stored = world.arrives((world.internet.postfix, READER), word)[0]
    check(chain(world, stored)[:2] == ("pass", 1), f"{chain(world, stored)}\n{stored.decode()}")
    found = re.search(rb"^ARC-Authentication-Results: (.*(?:\r?\n[ \t].*)*)", stored, re.MULTILINE)[1].decode()
    check(found.startswith("i=1; mx.futar.test;") and "spf=" in found and "smtp.mailfrom=user@exim.test" in found, found)
    check(b"d=futar.test" in stored and b"DKIM-Signature" not in stored, stored.decode())
    check(chain(world, stored.replace(b"Hello", b"Hallo"))[0] == "fail", "a changed body is proven")
    trace = world.ours.futar("trace", "--from", sender).stdout
    check("sealed for futar.test with selector " in trace, trace)


@case("our own user's mail through the alias is signed, and not sealed")
def _(world):
    word = world.word()
    world.submit("seals@futar.test", letter(word, "seals@futar.test"))
    stored = world.arrives((world.internet.postfix, READER), word)[0]
    check(b"ARC-Seal" not in stored, stored.decode())
    check(proven(world, stored) and all(proven(world, stored).values()), stored.decode())
