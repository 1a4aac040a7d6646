"""futar sign, and what futar check says of it: DKIM with both kinds of keys, chains of ARC."""
import re
import subprocess

HEADER = (b"From: Alice <alice@example.org>\r\nTo: bob@example.net,\r\n\tcarol@example.net\r\nSubject: two  words\r\n"
          b"Date: Tue, 24 Nov 2026 14:02:07 +0100\r\nMessage-ID: <1@example.org>\r\n")
RESULTS = (b"Authentication-Results: other.example; dkim=fail\r\nAuthentication-Results: MX.example.org 1; spf=pass\r\n"
           b" smtp.mailfrom=example.org\r\nAuthentication-Results: (ours) mx.example.org; dkim=none; dmarc=pass;\r\n"
           b"Authentication-Results: mx.example.org; none\r\n")
BODIES = {"text": b"Hello,\r\n\r\n.\r\n", "no body": b"", "8-bit": b"Gr\xc3\xbc\xc3\x9fe \xff\r\n", "no last line end": b"end",
          "empty lines": b"\r\n\r\n\r\n", "20 MiB": b"x" * 70 + b"\r\n"}
BODIES["20 MiB"] *= (20 << 20) // len(BODIES["20 MiB"])


def make_key(judge, name, *words):
    path = f"{judge.folder}/{name}.pem"
    subprocess.run(["openssl", "genpkey", *words, "-out", path], check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout"], check=True, capture_output=True, text=True).stdout
    base64 = "".join(public.splitlines()[1:-1])
    if name == "ed25519":
        return path, "v=DKIM1; k=ed25519; p=" + subprocess.run(
            ["base64", "-w0"], input=subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True,
                                                    capture_output=True).stdout[-32:], capture_output=True, check=True).stdout.decode()
    return path, f"v=DKIM1; k=rsa; p={base64}"


def fields_of(text):
    """{tag: value} of each field, in order: [(name, tags)]."""
    unfolded = re.sub(r"\r?\n[ \t]+", " ", text)
    return [(line.split(":", 1)[0], dict((part.strip().split("=", 1) + [""])[:2] for part in line.split(":", 1)[1].split(";")))
            for line in unfolded.splitlines() if ":" in line]


def run(judge, count, make_server):
    keys = {"rsa": make_key(judge, "rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
            "ed25519": make_key(judge, "ed25519", "-algorithm", "ED25519"),
            "weak": make_key(judge, "weak", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:768")}
    zone = {f"{name}._domainkey.example.org": [("TXT", record)] for name, (_, record) in keys.items()}
    with make_server(zone) as server:
        dns = ("--dns", server.address)
        sign_dkim(judge, count, keys, dns)
        sign_arc(judge, count, keys, dns)
        end_of_chain(judge, count, keys, dns)


def call(judge, method, keys, name, message, *more):
    return judge("sign", method, "-", "--domain", "example.org", "--selector", name, "--key", keys[name][0], *more, stdin=message)


def sign_dkim(judge, count, keys, dns):
    for name in ("rsa", "ed25519"):
        for what, body in BODIES.items():
            for lf in (False, True):
                message = HEADER + b"\r\n" + body
                message = message.replace(b"\r\n", b"\n") if lf else message
                signed = call(judge, "dkim", keys, name, message).out.encode("latin-1")
                told = judge("check", "dkim", "-", *dns, stdin=signed)
                good = signed.endswith(message) and told.out.startswith("pass ") and told.code == 0
                count.case(f"sign dkim: {name}, {what}, {'LF' if lf else 'CRLF'}", "" if good else (signed[:400], told))
                if name == "rsa" and what == "text":
                    told = judge("check", "dkim", "-", *dns, stdin=signed.replace(b"two  words", b"three words"))
                    count.case("a changed message", "" if told.out.startswith("fail ") else told)
    told = call(judge, "dkim", keys, "rsa", HEADER + b"\r\n", "--fields-only", "--time", "12345")
    count.case("--fields-only", "" if told.out.startswith("DKIM-Signature: v=1;") and told.out.endswith("\r\n\r\n") and "t=12345;" in told.out else told)
    told = call(judge, "dkim", keys, "weak", HEADER + b"\r\n")
    count.case("a weak key signs nothing", "" if told.code == 64 else told)
    weak = call(judge, "dkim", keys, "weak", HEADER + b"\r\n", "--allow-weak-keys").out.encode("latin-1")
    for more, wanted in (((), "permerror"), (("--allow-weak-keys",), "pass")):
        told = judge("check", "dkim", "-", *dns, *more, stdin=weak)
        count.case(f"a weak key {more}", "" if told.out.split(" ")[0] == wanted else told)


def sign_arc(judge, count, keys, dns):
    """Three hops; what each says of the chain before it, of its results, and what is asked for."""
    message = RESULTS + HEADER + b"\r\n" + BODIES["text"]
    for hop, name in enumerate(("rsa", "ed25519", "rsa"), 1):
        words = ("--authserv-id", "mx.example.org", "--headers", "mime-version:date:from:to:subject", "--time", f"{12344 + hop}", *dns)
        told = call(judge, "arc", keys, name, message, "--fields-only", *words)
        fields = fields_of(told.out)
        seal, signature, results = (dict(fields).get(f"ARC-{kind}", {}) for kind in ("Seal", "Message-Signature", "Authentication-Results"))
        good = (len(fields) == 3 and seal.get("cv") == ("none" if hop == 1 else "pass") and seal.get("i") == signature.get("i") == str(hop)
                and seal.get("t") == signature.get("t") == str(12344 + hop) and signature.get("h") == "mime-version:date:from:to:subject"
                and signature.get("c") == "relaxed/relaxed" and seal.get("a") == f"{name}-sha256" and seal.get("d") == "example.org")
        count.case(f"the set of hop {hop}", "" if good else told)
        said = re.sub(r"\s+", " ", told.out).split("ARC-Authentication-Results: ")[-1].strip()
        wanted = f"i={hop}; mx.example.org; spf=pass smtp.mailfrom=example.org; dkim=none; dmarc=pass"
        count.case(f"the results of hop {hop}", "" if said == wanted else (said, wanted))
        message = call(judge, "arc", keys, name, message, *words).out.encode("latin-1")
        told = judge("check", "arc", "-", *dns, stdin=message)
        count.case(f"the chain after hop {hop}", "" if told.out.startswith("pass ") and told.out.count("\nseal ") == hop and told.code == 0 else told)
    told = judge("check", "arc", "-", *dns, stdin=HEADER + b"\r\n")
    count.case("no chain", "" if told.out.startswith("none ") and told.code == 1 else told)
    for names in ("to:subject", "from:arc-seal", "from::to"):
        told = call(judge, "arc", keys, "rsa", message, "--authserv-id", "a", "--headers", names, *dns)
        count.case(f"--headers {names}", "" if told.code == 64 else told)
    plain = call(judge, "arc", keys, "rsa", HEADER + b"\r\n", "--authserv-id", "a.example", *dns)
    count.case("a message without results", "" if "i=1; a.example;\r\n\tnone\r\n" in plain.out else plain)


def end_of_chain(judge, count, keys, dns):
    """A broken chain is sealed once, over that set only, and then no more (RFC 8617 §5.1)."""
    words = ("--authserv-id", "mx.example.org", *dns)
    message = call(judge, "arc", keys, "rsa", HEADER + b"\r\nx\r\n", *words).out.encode("latin-1") + b"changed\r\n"
    told = judge("check", "arc", "-", *dns, stdin=message)
    count.case("a changed body", "" if told.out.startswith("fail ") and told.code == 1 else told)
    failed = call(judge, "arc", keys, "rsa", message, *words).out
    count.case("sealed as failed", "" if "cv=fail;" in failed else failed)
    told = call(judge, "arc", keys, "rsa", failed.encode("latin-1"), *words)
    count.case("and then no more", "" if told.out == failed and told.code == 0 and "not sealed" in told.err else told)
    told = call(judge, "arc", keys, "rsa", failed.encode("latin-1"), "--fields-only", *words)
    count.case("no fields then", "" if told.out == "\r\n" else told)
