"""Where mail comes from: SPF, DKIM and DMARC judged over a real DNS, obeyed, and told."""
import base64
import gzip
import json
import re
import time

from cases import BOB, case, check, connect, deliver, letter
from hosts import TEST_ADDRESS, wait_for


def come(world, sender, word, author=None):
    """A stranger's message to bob, From `author`; returns the last reply, also when it refuses."""
    content = letter(word, BOB, sender=author or sender)
    try:
        return world.remember(content, deliver(connect(source_address=(TEST_ADDRESS, 0)), BOB, content, sender))
    except AssertionError as refused:
        return str(refused)


def log(world, id):
    with open(world.ours.agents["mta"].log) as file:
        return [line for line in file if id in line]


def results(stored):
    """Our Authentication-Results on one line."""
    found = re.search(rb"^Authentication-Results: (.*(?:\r?\n[ \t].*)*)", stored, re.MULTILINE)
    return re.sub(r"\s+", " ", found[1].decode()) if found else ""


def taken_from(world, sender):
    """A stranger's message arrives: (its word, our Authentication-Results)."""
    word = world.word()
    come(world, sender, word)
    return word, results(world.arrives(BOB, word)[0])


@case("what claims to be from a bank is refused for good, with the id; the log says what was found, in words")
def _(world):
    word = world.word()
    world.ours  # has to listen
    reply = come(world, "ceo@bank.test", word)
    told = re.fullmatch(r"550 5\.7\.1 From bank\.test not proven \(DMARC\) id (\w{26})", reply)
    check(told, reply)
    lines = wait_for("the log of it", lambda: log(world, told[1]))
    for words in ("SPF fail: bank.test allows only ip4:198.51.100.20", "DKIM none: the message carries no signature",
                  "DMARC fail: From says bank.test, which asks for p=reject"):
        check(any(words in line for line in lines), f"{words}\n{''.join(lines)}")
    check(not world.found(BOB, word), "it was delivered")


@case("From decides: a sender of its own with a good SPF does not prove the bank")
def _(world):
    reply = come(world, "user@good.test", world.word(), author="ceo@bank.test")
    check(reply.startswith("550 5.7.1 From bank.test"), reply)


@case("mail that SPF proves is taken, and its header and its trace say so")
def _(world):
    word, found = taken_from(world, "user@good.test")
    for part in ("mx.futar.test;", "spf=pass smtp.mailfrom=user@good.test", "dkim=none", "dmarc=pass header.from=good.test"):
        check(part in found, found)
    events = world.events(word)
    for words in ("SPF pass", "DKIM none", "DMARC pass: From says good.test, proven by SPF of good.test"):
        check(words in events, events)


@case("an owner who asks for quarantine gets no refusal: the header says what was found")
def _(world):
    _, found = taken_from(world, "user@shop.test")
    check("dmarc=fail" in found and "policy.dmarc=quarantine" in found, found)


@case("SPF alone refuses nobody: its -all without a DMARC record is only noted")
def _(world):
    _, found = taken_from(world, "user@strict.test")
    check("spf=fail" in found and "dmarc=none" in found, found)


def bring_report(world, kind, content):
    """A message with a packed report; delivered like any other."""
    word = world.word()
    world.ours  # has to listen
    body = base64.encodebytes(gzip.compress(content.encode())).replace(b"\n", b"\r\n")
    packed = letter(word, BOB, sender="user@good.test", body=body,
                    fields=("MIME-Version: 1.0", f"Content-Type: {kind}", "Content-Transfer-Encoding: base64"))
    world.remember(packed, deliver(connect(source_address=(TEST_ADDRESS, 0)), BOB, packed, "user@good.test"))
    world.arrives(BOB, word)


def reports(world, *command):
    return json.loads(world.ours.futar("--json", *command).stdout)["reports"]


@case("a DMARC report that comes by mail is delivered, and futar dmarc shows who sends in our name")
def _(world):
    now = int(time.time())
    row = """<record><row><source_ip>203.0.113.9</source_ip><count>7</count><policy_evaluated><disposition>none</disposition>
        <dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>futar.test</header_from>
        </identifiers></record>"""
    bring_report(world, "application/gzip", f"""<feedback><report_metadata><org_name>Good</org_name><report_id>1</report_id>
        <date_range><begin>{now - 86400}</begin><end>{now}</end></date_range></report_metadata><policy_published>
        <domain>futar.test</domain><p>none</p></policy_published>{row}</feedback>""")
    wait_for("the report", lambda: reports(world, "dmarc", "futar.test"))
    words = world.ours.futar("dmarc").stdout
    check("0 messages pass DMARC, 7 fail" in words and "203.0.113.9" in words, words)


@case("a TLS report that comes by mail is delivered, and futar tls reports shows what failed")
def _(world):
    day = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    bring_report(world, "application/tlsrpt+gzip", json.dumps({
        "organization-name": "Good", "report-id": "1", "date-range": {"start-datetime": day, "end-datetime": day},
        "policies": [{"policy": {"policy-type": "sts", "policy-domain": "futar.test"},
                      "summary": {"total-successful-session-count": 5, "total-failure-session-count": 2},
                      "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 2}]}]}))
    wait_for("the report", lambda: reports(world, "tls", "reports"))
    words = world.ours.futar("tls", "reports").stdout
    check("5 sessions with TLS, 2 failed" in words and "certificate-expired" in words, words)
