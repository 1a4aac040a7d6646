#!/usr/bin/python3 -B
"""Our DKIM and ARC against dkimpy's: each verifies what the other signed or sealed, and neither what was changed on the way.
Usage: peers.py DKIM_TOOL [--real-mail [COUNT]]; the second signs and verifies real messages too, by hand."""
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "lib"))  # authres
try:
    import dkim
    import nacl.encoding
    import nacl.signing
except ImportError as missing:
    print(f"SKIPPED dkimpy: {missing} (python3-dkim, python3-nacl)")
    sys.exit(0)

TOOL = sys.argv[1]
DOMAIN = b"example.org"
HEADER = (b"From: Alice <alice@example.org>\r\nTo: bob@example.net,\r\n\tcarol@example.net\r\nSubject: Gr\xc3\xbc\xc3\x9fe \t an\r\n  alle \r\n"
          b"Date: Tue, 24 Nov 2026 14:02:07 +0100\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nX-Other: x\r\n")
BODIES = (b"Hello,\r\n\r\n two  words\t \r\n.\r\n\r\n\r\n", b"", b"\r\n\r\n", b" \r\n", b"x\r\n \r\n", b"no end", b"x" * 70000 + b"\r\n")
failures = 0


class Tool:
    """A dkim_tool that answers message by message."""

    def __init__(self, *words):
        self.process = subprocess.Popen([TOOL, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, message):
        self.process.stdin.write(b"%d\n" % len(message) + message)
        self.process.stdin.flush()
        return self.process.stdout.read(int(self.process.stdout.readline()))

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def case(words, wrong):
    global failures
    failures += bool(wrong)
    print(f"FAIL {words}: {len(wrong)} times, such as {str(wrong[0])[:1500]}" if wrong else f"ok {words}")


def dkimpy_verdicts(message, records):
    """What dkimpy says of each signature, the first first."""
    def lookup(name, timeout=5):
        return records.get(name.rstrip(b"."))
    judge = dkim.DKIM(message)
    count = sum(name.lower() == b"dkim-signature" for name, _ in judge.headers)
    found = []
    for number in range(count):
        try:
            found.append(bool(judge.verify(number, dnsfunc=lookup)))
        except dkim.DKIMException:
            found.append(False)
    return found


def ours(verify, message):
    return [line.split()[0] for line in verify(message).decode().splitlines()]


def tampered(message):
    """The signed message with one thing changed."""
    start = message.index(b"\r\nFrom: ") + 2
    signatures, rest = message[:start], message[start:]
    for field in (b"Subject: ", b"To: ", b"Date: ", b"Message-ID: ", b"Content-Type: "):
        yield signatures + rest.replace(field, field + b"x", 1)
        yield field + b"added\r\n" + message
    yield message.replace(b"\r\n\r\n", b"\r\n\r\nadded\r\n", 1)


def check_ours(sign, verify, records):
    messages = [sign(HEADER + b"\r\n" + body) for body in BODIES]
    case("dkimpy verifies what we sign, with RSA and with Ed25519",
         [m for m in messages if dkimpy_verdicts(m, records) != [True, True]])
    case("we verify it too", [m for m in messages if ours(verify, m) != ["pass", "pass"]])
    changed = list(tampered(messages[0]))
    case("dkimpy does not when a signed field or the body was changed, or a field added",
         [m for m in changed if any(dkimpy_verdicts(m, records))])
    case("nor do we", [m for m in changed if "pass" in ours(verify, m)])


def check_theirs(rsa, seed, verify):
    for algorithm, key, selector in ((b"rsa-sha256", rsa, b"rsa"), (b"ed25519-sha256", seed, b"theirs")):
        wrong = []
        for canons in ((h, b) for h in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")):
            for body in BODIES:
                message = HEADER + b"\r\n" + body
                message = dkim.sign(message, selector, DOMAIN, key, canonicalize=canons, signature_algorithm=algorithm) + message
                if ours(verify, message) != ["pass"]:
                    wrong.append((canons, body[:20], verify(message)))
        case(f"we verify what dkimpy signs with {algorithm.decode()} in all four canonical forms", wrong)


def dkimpy_chain(message, records):
    cv, sets, reason = dkim.arc_verify(message, dnsfunc=lambda name, timeout=5: records.get(name.rstrip(b".")))
    return cv.decode() if cv else "ended", len(sets), reason


def dkimpy_seals(message, key, cv):
    said = b"Authentication-Results: theirs.example; spf=pass; arc=%s\r\n" % cv
    return b"".join(dkim.arc_sign(said + message, b"rsa", DOMAIN, key, b"theirs.example",
                                  include_headers=[b"From", b"To", b"Subject", b"Date"])) + message


def check_arc(seal, chain, key, records):
    """Chains of up to four sets, where we and dkimpy take turns."""
    sealed, wrong = [], []
    for body in BODIES:
        for turn in (0, 1):
            message = HEADER + b"\r\n" + body
            for hop in range(4):
                message = seal(message) if hop % 2 == turn else dkimpy_seals(message, key, b"pass" if hop else b"none")
                sealed.append((message, hop + 1))
    for message, count in sealed:
        theirs, ours_ = dkimpy_chain(message, records), chain(message).decode()
        if theirs[:2] != ("pass", count) or not ours_.startswith(f"pass {count} "):
            wrong.append((count, theirs, ours_, message[:2000]))
    case("we and dkimpy both verify chains of one to four sets that we seal in turns", wrong)
    message = sealed[3][0]
    changed = [message.replace(b"Subject: ", b"Subject: x", 1), message.replace(b"\r\n\r\n", b"\r\n\r\nadded\r\n", 1),
               message.replace(b"spf=", b"spf=x", 1), *(message.replace(b"cv=pass", b"cv=" + cv, 1) for cv in (b"none", b"fail"))]
    case("neither does when header, body, results or cv= were changed",
         [m for m in changed if dkimpy_chain(m, records)[0] == "pass" or chain(m).startswith(b"pass")])
    failed = seal(changed[1])
    case("a failed chain is sealed once more, and then no more",
         [m for m in [failed] if b"cv=fail" not in m or seal(m) != m or dkimpy_chain(m, records)[0] != "ended" or not chain(m).startswith(b"fail 5 ")])


def real_messages(count):
    shared = [Path(os.environ[name]) for name in ("FUTAR_SHARED",) if name in os.environ] + [TOP.parent / "shared"]
    path = next((p / "data/real-mail.tar.xz" for p in shared if (p / "data/real-mail.tar.xz").exists()), None)
    if not path:
        print("SKIPPED real mail: data/real-mail.tar.xz is not here (FUTAR_SHARED names the folder that holds it)")
        return
    with tarfile.open(path) as tar:
        for member in tar:
            if count and member.isfile() and "/" in member.name:
                content = tar.extractfile(member).read()
                content = content.split(b"\n", 1)[1] if content.startswith(b"From ") else content
                count -= 1
                yield member.name, content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def check_real(sign, verify, records, count):
    judged, refused, wrong, theirs = 0, {}, [], []
    for name, content in real_messages(count):
        message = sign(content)
        judged += 1
        verdicts = verify(message).decode().splitlines()
        if [v.split()[0] for v in verdicts[:2]] != ["pass", "pass"]:
            reason = verdicts[0].split(" ", 3)[3] if verdicts else "none"
            refused[reason] = refused.get(reason, 0) + 1
            if "From" not in reason and "NUL" not in reason:
                wrong.append((name, verdicts))
            continue
        try:
            if dkimpy_verdicts(message, records)[:2] != [True, True]:
                theirs.append(name)
        except dkim.DKIMException as error:
            theirs.append((name, str(error)))
    if judged:
        print(f"   {judged} real messages; not good for reasons of their own: {refused or 'none'}")
        case("we verify what we signed of real mail", wrong)
        case("dkimpy verifies it too", theirs)


def make_keys(folder, others=()):
    """Our keys and `others`, {name in the DNS: record}; the file `zone` has them all."""
    made = subprocess.run([TOOL, "keys", folder], check=True, capture_output=True, text=True).stdout
    records = {f"{line.split()[0]}._domainkey.example.org".encode(): line.split(" ", 1)[1].encode() for line in made.splitlines()} | dict(others)
    (folder / "zone").write_bytes(b"".join(name + b" " + record + b"\n" for name, record in records.items()))
    return records


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pair, base64 = nacl.signing.SigningKey.generate(), nacl.encoding.Base64Encoder
        records = make_keys(folder, {b"theirs._domainkey.example.org": b"v=DKIM1; k=ed25519; p=" + pair.verify_key.encode(base64)})
        zone = folder / "zone"
        sign, verify = Tool("sign", folder), Tool("verify", zone)
        check_ours(sign, verify, records)
        seal, chain = Tool("seal", folder), Tool("chain", zone)
        check_arc(seal, chain, (folder / "rsa.pem").read_bytes(), records)
        check_theirs((folder / "rsa.pem").read_bytes(), pair.encode(base64), verify)
        if "--real-mail" in sys.argv:
            check_real(sign, verify, records, int(sys.argv[3]) if len(sys.argv) > 3 else -1)
        for tool in (sign, verify, seal, chain):
            tool.close()
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
