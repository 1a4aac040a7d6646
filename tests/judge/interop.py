"""OpenDKIM, dkimpy and Mail::DKIM verify what futar signs, and futar what they sign; chains of ARC likewise."""
import itertools
import os
import shutil
import subprocess

from signing import BODIES, HEADER, call, make_key

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = (b"X-Folded: one\r\n\t two  \r\n \t three\r\nX-Octets: Gr\xc3\xbc\xc3\x9fe\r\nX-Empty:\r\n") + HEADER
CANONS = [f"{header}/{body}" for header in ("simple", "relaxed") for body in ("simple", "relaxed")]
SAID = b"Authentication-Results: mx.example.org; spf=pass; arc=%s\r\n"


class Dkimpy:
    name, kinds = "dkimpy", ("rsa", "ed25519")

    def __init__(self, keys, server):
        import dkim  # finds tests/lib/authres.py
        self.dkim, self.keys = dkim, keys
        self.records = {f"{name}._domainkey.example.org.".encode(): record.encode() for name, (_, record) in keys.items()}

    def lookup(self, name, timeout=5):
        return self.records.get(name if name.endswith(b".") else name + b".")

    def verify(self, message):
        try:
            return self.dkim.verify(message, dnsfunc=self.lookup)
        except self.dkim.DKIMException as error:
            return str(error)

    def _secret(self, name):
        with open(self.keys[name][0], "rb") as file:
            pem = file.read()
        if name != "ed25519":
            return pem
        import base64
        return base64.b64encode(subprocess.run(["openssl", "pkey", "-outform", "DER"], input=pem, capture_output=True, check=True).stdout[-32:])

    def signed(self, message):
        for name, canon in itertools.product(("rsa", "ed25519"), CANONS):
            yield f"{name} {canon}", self.dkim.sign(
                message, name.encode(), b"example.org", self._secret(name), signature_algorithm=f"{name}-sha256".encode(),
                canonicalize=tuple(canon.encode().split(b"/"))) + message

    def chain(self, message):
        return self.dkim.arc_verify(message, dnsfunc=self.lookup)[0] == b"pass"

    def sealed(self, message, cv):
        return b"".join(self.dkim.arc_sign(SAID % cv + message, b"rsa", b"example.org", self._secret("rsa"), b"mx.example.org",
                                           include_headers=[b"From", b"To", b"Subject", b"Date"])) + message


class MailDkim:
    name, kinds = "Mail::DKIM", ("rsa",)

    def __init__(self, keys, server):
        self.keys, self.port = keys, str(server.port)
        if not self._call(b"", "verify", self.port, check=True):
            raise ImportError("libmail-dkim-perl is not here")

    def _call(self, octets, *words, check=False):
        told = subprocess.run(["perl", f"{HERE}/mail_dkim.pl", *words], input=octets, capture_output=True, timeout=120)
        return told.returncode == 0 if check else told.stdout

    def verify(self, message):
        told = self._call(message, "verify", self.port).decode("latin-1")
        return told.startswith("pass ") or told

    def signed(self, message):
        for canon in CANONS:
            if canon.endswith("simple") and message[-1:] != b"\n":
                continue  # it hashes the last line as it is; RFC 6376 §3.4.3 puts the CRLF there that is missing
            yield f"rsa {canon}", self._call(message, "sign", canon, "rsa", self.keys["rsa"][0]) + message

    def chain(self, message):
        told = self._call(message, "arc", self.port).decode("latin-1")
        return told.startswith("pass ") or told

    def sealed(self, message, cv):
        said = SAID % cv + message
        return self._call(said, "seal", "rsa", self.keys["rsa"][0], "mx.example.org", self.port) + said


class OpenDkim:
    """Verifies with the system's resolver only, so that it needs a network of its own with our server on port 53."""
    name, kinds = "OpenDKIM", ("rsa", "ed25519")

    def __init__(self, keys, server):
        self.keys = keys
        if not shutil.which("opendkim-testmsg"):
            raise ImportError("opendkim-tools is not here")
        self.verify = self._verify if os.geteuid() == 0 and shutil.which("unshare") and shutil.which("ip") else None
        self.zone = {f"{name}._domainkey.example.org": [("TXT", record)] for name, (_, record) in keys.items()}

    def _verify(self, message):
        told = subprocess.run(["unshare", "--net", "--mount", "python3", "-B", f"{HERE}/apart.py", repr(self.zone), "opendkim-testmsg"],
                              input=message, capture_output=True, timeout=120)
        return told.returncode == 0 and not told.stdout + told.stderr or (told.stdout + told.stderr).decode("latin-1")

    def signed(self, message):
        return ()  # opendkim-testmsg knows no other algorithm than rsa-sha1


def run(judge, count, make_server):
    keys = {"rsa": make_key(judge, "rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
            "ed25519": make_key(judge, "ed25519", "-algorithm", "ED25519")}
    zone = {f"{name}._domainkey.example.org": [("TXT", record)] for name, (_, record) in keys.items()}
    with make_server(zone) as server:
        for kind in (Dkimpy, MailDkim, OpenDkim):
            try:
                peer = kind(keys, server)
            except ImportError as missing:
                count.skip(f"{kind.name}: {missing}")
                continue
            signatures(judge, count, keys, server, peer)
            if hasattr(peer, "chain"):
                chains(judge, count, keys, server, peer)


def signatures(judge, count, keys, server, peer):
    for what, body in BODIES.items():
        message = FIELDS + b"\r\n" + body
        for name in peer.kinds if peer.verify else ():
            good = peer.verify(call(judge, "dkim", keys, name, message).out.encode("latin-1"))
            count.case(f"{peer.name} verifies what futar signs: {name}, {what}", "" if good is True else good or "no")
        for words, signed in peer.signed(message):
            told = judge("check", "dkim", "-", "--dns", server.address, stdin=signed)
            count.case(f"futar verifies what {peer.name} signs: {words}, {what}", "" if told.out.startswith("pass ") else told)
    if peer.verify:
        changed = call(judge, "dkim", keys, "rsa", HEADER + b"\r\nx\r\n").out.encode("latin-1") + b"more\r\n"
        count.case(f"{peer.name} does not verify what was changed", "it does" if peer.verify(changed) is True else "")
    else:
        count.skip(f"{peer.name} as verifier: it needs root, for a network of its own")


def chains(judge, count, keys, server, peer):
    """Of up to four hops, where futar and the peer take turns; both verify after each."""
    hops = {"text": 4, "20 MiB": 1}
    for turn, (what, body) in itertools.product((0, 1), BODIES.items()):
        message = FIELDS + b"\r\n" + body
        for hop in range(hops.get(what, 2)):
            if hop % 2 == turn:
                message = call(judge, "arc", keys, "rsa", message, "--authserv-id", "ours.example.org", "--dns", server.address).out.encode("latin-1")
            else:
                message = peer.sealed(message, b"pass" if hop else b"none")
            told = judge("check", "arc", "-", "--dns", server.address, stdin=message)
            count.case(f"futar verifies the chain with {peer.name}, hop {hop + 1}, {what}", "" if told.out.startswith("pass ") else told)
            good = peer.chain(message)
            count.case(f"{peer.name} verifies the chain with futar, hop {hop + 1}, {what}", "" if good is True else good or "no")
