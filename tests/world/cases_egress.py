"""Our own mail is looked at as its receiver will: SPF that does not allow us, keys that the DNS shows wrong, DMARC that would
fail; and a DNS that is mended meanwhile."""
import json
import re
import ssl
import time
import urllib.request

import dns
from cases import PASSWORD, case, check, connect, deliver, letter
from hosts import OUR_ADDRESS, OUR_ADDRESS6, wait_for

SENDER, READER = "carol@second.test", "user@postfix.test"
BAD, GOOD = "v=spf1 -all", f"v=spf1 ip4:{OUR_ADDRESS} ip6:{OUR_ADDRESS6} -all"


POLICY = "v=DMARC1; p=reject"


def publish(world, spf, records=()):
    """`records` are further ones: (name below second.test, text)."""
    lines = ["second.test. 1 IN MX 10 mx.futar.test.", f'second.test. 1 IN TXT "{spf}"']
    for name, text in records:
        lines.append(f"{name}.second.test. 1 IN TXT " + " ".join(f'"{text[at:at + 255]}"' for at in range(0, len(text), 255)))
    dns.replace(world.internet.names_host, dns.OUR_SECOND, lines)
    time.sleep(6)  # what our resolver knew has passed, and that there was nothing, too


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


def keys(world, domain="second.test"):
    """The records of our keys by kind: (selector, text)."""
    def look():
        listed = json.loads(world.ours.futar("--json", "dkim", "list", domain).stdout)["selectors"]
        return {one["type"]: (one["selector"], one["record"]) for one in listed} if len(listed) == 2 else None
    return wait_for("two keys", look)


def shown(selector, text):
    return f"{selector}._domainkey", text


def signing(world, spf=GOOD):
    """Fresh keys of second.test that the DNS shows, so that they sign: keys()."""
    carol(world)
    made = keys(world)
    publish(world, spf, [("_dmarc", POLICY), *(shown(*key) for key in made.values())])
    world.ours.futar("dkim", "list", "second.test", "--check")
    world.ours.futar("reload", "mta")
    return made


def said(world, verb, *words):
    return re.sub(r"\s+", " ", world.ours.futar(verb, *words, check=False).stdout)


def figure(name):
    with urllib.request.urlopen("http://127.0.0.1:9082/metrics", timeout=10) as page:
        found = re.search(rf"^{name}\{{[^}}]*\}} (\S+)$", page.read().decode(), re.MULTILINE)
    return float(found[1]) if found else None


def told_everywhere(world, word, words, problems):
    """Trace, explain, status and the figures say these problems; each is (text, what is to be published)."""
    told(world, word, f"our own check: {words}")
    trace, explained, status = said(world, "trace", *world.name_of(word)), said(world, "explain", *world.name_of(word)), said(world, "status")
    for text, record in problems:
        for where, found in (("trace", trace), ("explain", explained), ("status", status)):
            check(f"{text}; publish {record}" in found, f"{where} lacks: {text}; publish {record}\n{found}")
    if not problems:
        check("our own check" not in explained and "second.test" not in status, f"{explained}\n{status}")
    check(figure("futar_egress_problems") == len(problems), f"{figure('futar_egress_problems')} problems, not {len(problems)}")


@case("a key that is wrong, gone or in testing, and DMARC that would fail, are told with the record to publish; mended, all is quiet")
def _(world):
    publish(world, GOOD)
    world.fresh()
    made = signing(world)
    rsa, ed = made["rsa"], made["ed25519"]
    other = keys(world, "futar.test")["ed25519"][1]
    mend = f"{ed[0]}._domainkey.second.test TXT {ed[1]}"
    of_ed = f"the signature of second.test with selector {ed[0]}:"
    wrong = (f"DKIM fail: {of_ed} the signed header fields were changed, or another key signed them", mend)
    gone = (f"DKIM permerror: {of_ed} its key is not in the DNS", mend)
    testing = (f"DKIM: the key record of second.test with selector {ed[0]} says t=y, so that receivers may treat its signatures like none", mend)
    spf = (f"SPF fail: the record of second.test does not allow {OUR_ADDRESS}", "second.test TXT v=spf1 mx -all")
    rows = (("SPF pass, DKIM fail, DMARC would pass", GOOD, [rsa, (ed[0], other)], [wrong], 1),
            ("SPF pass, DKIM permerror, DMARC would pass", GOOD, [rsa], [gone], 1),
            ("SPF pass, DKIM pass, DMARC would pass", GOOD, [rsa, (ed[0], ed[1].replace("v=DKIM1;", "v=DKIM1; t=y;"))], [testing], 0),
            ("SPF fail, DKIM pass, DMARC would pass", BAD, [rsa, ed], [spf], 1),
            ("SPF pass, DKIM pass, DMARC would pass", GOOD, [rsa, ed], [], 0))
    for words, record, published, problems, failed in rows:
        publish(world, record, [("_dmarc", POLICY), *(shown(*key) for key in published)])
        world.ours.futar("reload", "mta")
        before = figure("futar_egress_checked_total"), figure("futar_egress_failed_total")
        word = send(world)
        world.arrives((world.internet.postfix, READER), word)
        told_everywhere(world, word, words, problems)
        now = figure("futar_egress_checked_total"), figure("futar_egress_failed_total")
        check(now == (before[0] + 1, before[1] + failed), f"{before} {now}")
    publish(world, BAD, [("_dmarc", POLICY), shown(*rsa), shown(ed[0], other)])
    world.ours.futar("reload", "mta")
    word = send(world)
    told(world, word, "our own check: SPF fail, DKIM fail, DMARC would pass")  # by the RSA signature


@case("where neither SPF nor any signature is good, DMARC would fail, and under hold such mail stays; mended and released it goes")
def _(world):
    publish(world, GOOD)
    world.fresh(mta='egress_check = "hold"')
    made = signing(world)
    publish(world, BAD, [("_dmarc", POLICY)])
    world.ours.futar("reload", "mta")
    word = send(world)
    told(world, word, "our own check: SPF fail, DKIM permerror, DMARC would fail")
    told(world, word, "held our own check")
    explained = said(world, "explain", *world.name_of(word))
    for words in (f"{READER}: held; our own check: SPF fail, DKIM permerror, DMARC would fail", "publish second.test TXT v=spf1 mx -all",
                  "DMARC would fail: From says second.test, which asks for p=reject", "_domainkey.second.test TXT v=DKIM1; k="):
        check(words in explained, f"{words}\n{explained}")
    status = said(world, "status")
    check("1 recipient is held" in status and "DMARC would fail" in status, status)
    publish(world, GOOD, [("_dmarc", POLICY), *(shown(*key) for key in made.values())])
    world.ours.futar("queue", "release", "--state", "held")
    world.arrives((world.internet.postfix, READER), word)
    told(world, word, "our own check: SPF pass, DKIM pass, DMARC would pass")
    check("second.test" not in said(world, "status"), said(world, "status"))


@case("under off nobody looks, whatever the DNS says")
def _(world):
    publish(world, BAD, [("_dmarc", POLICY)])
    world.fresh(mta='egress_check = "off"')
    carol(world)
    word = send(world)
    world.arrives((world.internet.postfix, READER), word)
    check("our own check" not in world.events(word), world.events(word))
    check("second.test" not in said(world, "status") and figure("futar_egress_checked_total") is None, said(world, "status"))


@case("the keys of a domain that is removed stay until they are retired, which needs no question, as futar dkim list says")
def _(world):
    publish(world, GOOD)
    world.fresh()
    made = signing(world)
    world.ours.futar("--yes", "user", "remove", SENDER)
    world.ours.futar("--yes", "domain", "remove", "second.test")
    words = said(world, "dkim", "list")
    for selector, _ in made.values():
        check(f"safe to remove from the DNS; then futar dkim retire second.test {selector}" in words, words)
    check(words.count("does not sign: its domain was removed here") == 2, words)
    for selector, _ in made.values():
        world.ours.futar("dkim", "retire", "second.test", selector)
    check("second.test" not in said(world, "dkim", "list"), said(world, "dkim", "list"))
