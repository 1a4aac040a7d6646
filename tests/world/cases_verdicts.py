"""Where mail comes from: SPF, DKIM and DMARC judged over a real DNS, obeyed, and told."""
import base64
import gzip
import json
import re
import subprocess
import threading
import time

import dns
from cases import BOB, Skip, case, check, connect, contents, deliver, letter
from hosts import TEST_ADDRESS, wait_for


def come(world, sender, word, author=None):
    """A stranger's message to bob, From `author`; returns the last reply, also when it refuses."""
    content = letter(word, BOB, sender=author or sender)
    try:
        return world.remember(content, deliver(connect(source_address=(TEST_ADDRESS, 0)), BOB, content, sender))
    except AssertionError as refused:
        return str(refused)


def told(world, verb, id):
    """What `futar trace` or `futar explain` says of mail that was refused, on one line."""
    return re.sub(r"\s+", " ", world.ours.futar(verb, id).stdout)


def results(stored):
    """Our Authentication-Results on one line."""
    found = re.search(rb"^Authentication-Results: (.*(?:\r?\n[ \t].*)*)", stored, re.MULTILINE)
    return re.sub(r"\s+", " ", found[1].decode()) if found else ""


def taken_from(world, sender):
    """A stranger's message arrives: (its word, our Authentication-Results)."""
    word = world.word()
    come(world, sender, word)
    return word, results(world.arrives(BOB, word)[0])


@case("what claims to be from a bank is refused for good, with the id; its trace says what was found, and explain what helps")
def _(world):
    word = world.word()
    world.ours  # has to listen
    reply = come(world, "ceo@bank.test", word)
    refused = re.fullmatch(r"550 5\.7\.1 From bank\.test not proven \(DMARC\) id (\w{26})", reply)
    check(refused, reply)
    trace = told(world, "trace", refused[1])
    for words in (f"{refused[1]} REFUSED (550); nothing stored, nobody was bounced", f"ceo@bank.test -> {BOB} from {TEST_ADDRESS}",
                  "SPF fail: bank.test allows only ip4:198.51.100.20", "DKIM none: the message carries no signature",
                  "DMARC fail: From says bank.test, which asks for p=reject",
                  'refused at DATA: mta.dmarc = "follow"; told it "550 5.7.1 From bank.test not proven (DMARC)"'):
        check(words in trace, f"{words}\n{trace}")
    explained = told(world, "explain", refused[1])
    for words in ("Refused: it claims to be from bank.test and nothing proves that", 'rule mta.dmarc = "follow"; bank.test publishes p=reject', "inputs", "cure", "mta.arc_trusted"):
        check(words in explained, f"{words}\n{explained}")
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


def junk(world, word):
    """Bob's junk with that word."""
    folder = f"{world.ours.mailboxes}/{BOB.partition('@')[2]}/{BOB.partition('@')[0]}/.Junk"
    return [one for part in ("new", "cur") for one in contents(f"{folder}/{part}") if word.encode() in one]


@case("under quarantine a spoof goes into Junk, and its trace says why; the header says what was found")
def _(world):
    word = world.word()
    world.ours  # has to listen
    come(world, "user@shop.test", word)
    stored = wait_for("it in Junk", lambda: junk(world, word))
    found = results(stored[0])
    check("dmarc=fail" in found and "policy.dmarc=quarantine" in found, found)
    check(not world.found(BOB, word), "it is in INBOX, too")
    trace = re.sub(r"\s+", " ", world.trace(word))
    for words in ("SPF fail: shop.test allows no host", "DKIM none: the message carries no signature",
                  "DMARC fail: From says shop.test, which asks for p=quarantine; it goes into Junk", "put into Junk"):
        check(words in trace, trace)


@case("under none a spoof is delivered, and its trace says that it failed")
def _(world):
    word, found = taken_from(world, "user@open.test")
    check("dmarc=fail" in found and "policy.dmarc=none" in found, found)
    trace = re.sub(r"\s+", " ", world.trace(word))
    for words in ("DMARC fail: From says open.test, which asks for p=none", "put into INBOX"):
        check(words in trace, trace)


@case("results that claim to be ours go, be they five, folded or in odd case; those of others stay")
def _(world):
    word = world.word()
    world.ours  # has to listen
    forged = ("Authentication-Results: mx.futar.test; dmarc=pass header.from=forged.test",
              "AUTHENTICATION-results:\r\n\tMX.Futar.test;\r\n\tspf=pass smtp.mailfrom=forged.test",
              "Authentication-Results : (hi) mx.futar.test 1; dkim=pass header.d=forged.test",
              "authentication-results: \"mx.futar.test\"; arc=pass header.d=forged.test",
              "Authentication-Results: mx.futar.test.; none; x=forged.test")
    content = letter(word, BOB, sender="user@good.test", fields=(*forged, "Authentication-Results: mx.other.test; spf=none"))
    world.remember(content, deliver(connect(source_address=(TEST_ADDRESS, 0)), BOB, content, "user@good.test"))
    stored = world.arrives(BOB, word)[0]
    check(b"forged.test" not in stored and b"mx.other.test; spf=none" in stored, stored)
    check(results(stored).startswith("mx.futar.test; ") and "dmarc=pass header.from=good.test" in results(stored), stored)


@case("of several authors the one that is not proven decides, and two From fields never pass")
def _(world):
    reply = come(world, "user@good.test", world.word(), author="user@good.test, ceo@bank.test")
    check(reply.startswith("550 5.7.1 From bank.test"), reply)
    word = world.word()
    reply = come(world, "user@good.test", word, author="user@good.test\r\nFrom: ceo@bank.test")
    check(reply[0] == "5" or not world.found(BOB, word), reply)


@case("while the DNS is silent mail comes in, not proven, in bounded time; who is not judged does not wait")
def _(world):
    word, quick = world.word(), world.word()
    world.ours  # has to listen
    with world.internet.wire.silent("dns"):
        began = time.monotonic()
        waiting = threading.Thread(target=come, args=(world, "user@late.test", word))
        waiting.start()
        world.submit(BOB, letter(quick, BOB))
        submitted = time.monotonic() - began
        waiting.join()
        took = time.monotonic() - began
    found = results(world.arrives(BOB, word)[0])
    check("spf=temperror" in found and "dmarc=temperror" in found, found)
    check(submitted < 2 and took < 25, f"{submitted:.1f} s, {took:.1f} s")
    return f"{took:.1f} s, and {submitted:.1f} s for a submission meanwhile"


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


def listed(world, word):
    """A message of the bank as lists.test sends it on: changed, and sealed by dkimpy over `dmarc=pass`."""
    try:
        import dkim  # finds tests/lib/authres.py
    except ImportError:
        raise Skip("dkimpy is not installed (python3-dkim)")
    key = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=key, check=True, capture_output=True).stdout
    record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
    dns.replace(world.internet.names_host, dns.LIST_KEYS, [f's._domainkey.lists.test. 5 IN TXT "{record[:255]}" "{record[255:]}"'])
    content = letter(word, BOB, sender="ceo@bank.test", body=b"Changed by the list.\r\n")
    said = b"Authentication-Results: mx.lists.test; dmarc=pass header.from=bank.test; arc=none\r\n"
    return b"".join(dkim.arc_sign(said + content, b"s", b"lists.test", key, b"mx.lists.test",
                                  include_headers=[b"From", b"To", b"Subject"])) + content


def send_listed(world, word):
    content = listed(world, word)
    try:
        return world.remember(content, deliver(connect(source_address=(TEST_ADDRESS, 0)), BOB, content, "list@lists.test"))
    except AssertionError as refused:
        return str(refused)


@case("a list's seal that nobody here trusts proves nothing: the bank's own policy refuses it")
def _(world):
    word = world.word()
    world.ours  # has to listen
    reply = send_listed(world, word)
    check(reply.startswith("550 5.7.1 From bank.test"), reply)
    trace = told(world, "trace", reply.split()[-1])
    check("ARC pass, sealed by lists.test, which is not in mta.arc_trusted" in trace, trace)


@case("a message of the bank that a list changed and sealed is taken where the list is trusted, and its trace says so")
def _(world):
    world.fresh(mta='arc_trusted = ["lists.test"]')
    word = world.word()
    reply = send_listed(world, word)
    check(reply.startswith("2.0.0 Ok"), reply)
    found = results(world.arrives(BOB, word)[0])
    check("dmarc=fail" in found and "arc=pass" in found, found)
    trace = re.sub(r"\s+", " ", world.trace(word))
    for words in ("ARC pass, sealed by lists.test, which is trusted: it found DMARC pass",
                  "DMARC fail: From says bank.test, which asks for p=reject; lists.test, which is trusted, found it proven"):
        check(words in trace, trace)


@case("through a second MX the client that it names is judged; what it does not name is taken")
def _(world):
    world.fresh(mta=f'trusted_forwarders = ["{TEST_ADDRESS}"]')

    def forward(word, sender, client):
        content = f"Received: from {client}\r\n\tby mx2.futar.test (Postfix) with ESMTP id 1; date\r\n".encode()
        content += letter(word, BOB, sender=sender)
        try:
            return world.remember(content, deliver(connect(source_address=(TEST_ADDRESS, 0)), BOB, content, sender))
        except AssertionError as refused:
            return str(refused)
    word = world.word()
    reply = forward(word, "ceo@bank.test", "mx.postfix.test (mx.postfix.test [198.51.100.20])")
    check(reply.startswith("2.0.0 Ok"), reply)
    found = results(world.arrives(BOB, word)[0])
    check("iprev=pass policy.iprev=198.51.100.20" in found and "spf=pass smtp.mailfrom=ceo@bank.test" in found, found)
    reply = forward(world.word(), "ceo@bank.test", "mx.exim.test (mx.exim.test [198.51.100.30])")
    check(reply.startswith("550 5.7.1 From bank.test"), reply)
    word = world.word()
    reply = forward(word, "ceo@bank.test", "mx.exim.test (unknown)")
    check(reply.startswith("2.0.0 Ok"), reply)
    trace = re.sub(r"\s+", " ", world.trace(word))
    check(f"came through {TEST_ADDRESS}, a trusted forwarder; its Received field does not say from where" in trace, trace)
