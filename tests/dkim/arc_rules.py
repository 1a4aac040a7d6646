#!/usr/bin/python3 -B
"""Each rule that RFC 8617 sets for a chain, on chains that are proven but for that rule; and what dkimpy says of them.
Usage: arc_rules.py DKIM_TOOL. A row is the section, the sentence, pass or fail, how the chain is made; where dkimpy thinks
otherwise the row says why, and it is checked that it does."""
import base64
import hashlib
import re
import sys
import tempfile
import time
from pathlib import Path

import peers
from peers import Tool, case

try:
    import dkim
    from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
except ImportError as missing:
    print(f"SKIPPED dkimpy: {missing} (python3-dkim, python3-nacl)")
    sys.exit(0)

HEADER = "From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: one\r\nDate: Tue, 24 Nov 2026 14:02:07 +0100\r\n"
BODY = "Hello, \t world \r\n\r\n"
KINDS = ("ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal")
RESULTS, MESSAGE, SEAL = KINDS
NOW = int(time.time())


def canonical_field(field, form):
    name, value = field.split(":", 1)
    return field if form == "simple" else name.strip().lower() + ":" + re.sub(r"[ \t\r\n]+", " ", value).strip()


def canonical_body(body, form):
    if form == "relaxed":
        body = "\r\n".join(re.sub(r"[ \t]+", " ", line).rstrip() for line in body.split("\r\n"))
    body = re.sub(r"(\r\n)+\Z", "", body)
    return body + "\r\n" if body or form == "simple" else ""


def split_header(header):
    return re.findall(r"[^\r\n]+(?:\r\n[ \t][^\r\n]*)*", header)


class Forger:
    """Makes chains. `edit` sees each field before it is signed: (number, kind, tags), where tags is a list of [name, value],
    or for results the text in a list. It may return the sets, as lists of fields, that the seal is to cover."""

    def __init__(self, pem):
        self.key = parse_pem_private_key(pem)

    def signature(self, text):
        return base64.b64encode(RSASSA_PKCS1_v1_5_sign(hashlib.sha256(text.encode()), self.key)).decode()

    def signed(self, name, tags, before, form):
        field = f"{name}: " + "; ".join(f"{tag}={value}" for tag, value in tags)
        if "b" not in [tag for tag, _ in tags]:
            return field
        own = re.sub(r"(; b=)[^;]*", r"\1", field)
        made = self.signature("".join(canonical_field(one, form) + "\r\n" for one in before) + canonical_field(own, form))
        return own.replace("; b=", "; b=" + made)

    def set_of(self, number, sets, edit, header, body):
        common = [["d", "example.org"], ["s", "rsa"], ["t", str(NOW)]]
        results = [f" i={number}; mx.example.org; spf=pass smtp.mailfrom=alice@example.org"]
        edit(number, RESULTS, results)
        results = f"{RESULTS}:{results[0]}"
        tags = [["i", str(number)], ["a", "rsa-sha256"], ["c", "relaxed/relaxed"], *common, ["h", "from:to:subject:date"], ["bh", ""], ["b", ""]]
        edit(number, MESSAGE, tags)
        said = dict(map(tuple, tags))
        forms = (said.get("c", "simple") + "/simple").split("/")
        for tag in tags:
            if tag[0] == "bh":
                tag[1] = base64.b64encode(hashlib.sha256(canonical_body(body, forms[1]).encode()).digest()).decode()
        left = [results, *(field for one in sets for field in one), *split_header(header)]
        left, chosen = list(reversed(left)), []
        for name in said.get("h", "").lower().split(":"):
            found = next((field for field in left if field.split(":")[0].strip().lower() == name.strip()), None)
            if found:
                left.remove(found)
                chosen.append(found)
        message = self.signed(MESSAGE, tags, chosen, forms[0])
        tags = [["i", str(number)], ["a", "rsa-sha256"], ["cv", "pass" if number > 1 else "none"], *common, ["b", ""]]
        covered = edit(number, SEAL, tags)
        before = [field for one in (sets if covered is None else covered) for field in one]
        return [results, message, self.signed(SEAL, tags, [*before, results, message], "relaxed")]

    def chain(self, count=2, edit=lambda *_: None, header=HEADER, bodies=()):
        """The sets, the first first; `bodies` are what each hop saw."""
        sets = []
        for number in range(1, count + 1):
            sets.append(self.set_of(number, sets, edit, header, bodies[number - 1] if bodies else BODY))
        return sets


def message(sets, header=HEADER, body=BODY):
    """The newest set on top, its seal first."""
    fields = [field for one in reversed(sets) for field in reversed(one)]
    return ("".join(field + "\r\n" for field in fields) + header + "\r\n" + body).encode()


def put(number, kind, name, value, place=-1):
    """An edit that gives a tag this value, or adds it; None takes it away."""
    def edit(at, what, tags):
        if (at, what) != (number, kind):
            return
        tags[:] = [tag for tag in tags if tag[0] != name or value is not None]
        found = [tag for tag in tags if tag[0] == name]
        if found:
            found[0][1] = value
        elif value is not None:
            tags.insert(place, [name, value])
    return edit


def add(number, kind, name, value):
    """An edit that puts one more tag before the last."""
    return lambda at, what, tags: tags.insert(-1, [name, value]) if (at, what) == (number, kind) else None


def say(number, text):
    """An edit of the results."""
    return lambda at, what, tags: tags.__setitem__(0, text) if (at, what) == (number, RESULTS) else None


def structure(f):
    """(section, sentence, verdict, message, why dkimpy differs)"""
    three, fifty = f.chain(3), f.chain(51)
    yield "5.2", "a message without sets has no chain", "none", message([]), ""
    for count in (1, 2, 3, 50):
        yield "5.2", f"{count} whole sets", "pass", message(fifty[:count]), ""
    yield "4.2.1", "more than 50 sets", "fail", message(fifty), "it has no limit"
    for number in (1, 2, 3):
        for kind in range(3):
            def without(sets, number=number, kind=kind):
                return [[field for at, field in enumerate(one) if (set_at, at) != (number, kind)] for set_at, one in enumerate(sets, 1)]
            yield "5.2 3A", f"{KINDS[kind]} of set {number} is missing", "fail", message(without(three)), ""
            twice = [one + [one[kind]] if at == number else one for at, one in enumerate(three, 1)]
            yield "5.2 3A", f"{KINDS[kind]} of set {number} stands twice", "fail", message(twice), ""
    yield "5.2 3B", "set 2 of 3 is missing", "fail", message([three[0], three[2]]), ""
    yield "5.2 3B", "set 1 is missing", "fail", message(three[1:]), ""
    mixed = [three[1], three[0], three[2]]
    yield "4.1", "fields may stand in any order", "pass", message([one[::-1] for one in mixed]), (
        "it hashes them as they stand")
    yield "4.1", "sets may stand below the other fields", "pass", message([], HEADER + "".join(field + "\r\n" for field in sum(three, [])[::-1])), ""
    yield "4.1", "names of fields in odd case", "pass", message(three).replace(b"ARC-", b"aRc-"), ""
    for number in ("0", "51", "", "x", "-1", "1 1", "111"):
        for kind in (MESSAGE, SEAL):
            yield "4.2.1", f"i={number} of {kind}", "fail", message(f.chain(1, put(1, kind, "i", number))), (
                "it takes the first digits" if number == "1 1" else "")
        yield "4.2.1", f"i={number} of {RESULTS}", "fail", message(f.chain(1, say(1, f" i={number}; mx.example.org; none"))), (
                "it takes the first digits" if number == "1 1" else "")
    yield "4.2.1", "i=01 of a seal", "pass", message(f.chain(1, put(1, SEAL, "i", "01"))), ""


def states(f):
    for number, value, verdict, why in (
            (1, "pass", "fail", ""), (1, "fail", "fail", ""), (2, "none", "fail", ""), (2, "fail", "fail", ""), (3, "none", "fail", ""),
            (3, "fail", "fail", ""), (3, "", "fail", ""), (3, "maybe", "fail", ""), (3, None, "fail", ""),
            (3, "PASS", "pass", "it takes small letters only; the ABNF of 4.1.3 takes both")):
        yield "5.2 3C", f"seal {number} of 3 says cv={value}", verdict, message(f.chain(3, put(number, SEAL, "cv", value))), why


def seals(f):
    for kind in (SEAL, MESSAGE):
        number = 2
        for name in ("i", "a", "b", "d", "s") + (("cv",) if kind == SEAL else ("h", "bh")):
            yield "4.1", f"{kind} without {name}=", "fail", message(f.chain(2, put(number, kind, name, None))), ""
        yield "4.1", f"{kind} without t=", "pass", message(f.chain(2, put(number, kind, "t", None))), ""
        for value, why in (("yesterday", ""), ("-1", "")):
            yield "4.1", f"{kind} with t={value}", "fail", message(f.chain(2, put(number, kind, "t", value))), why
        for value, why in (("rsa-sha1", "" ), ("rsa-sha512", ""), ("", ""), ("dsa-sha256", "")):
            yield "4.1", f"{kind} with a={value}", "fail", message(f.chain(2, put(number, kind, "a", value))), why
        yield "RFC 6376 3.2", f"{kind} with a tag twice", "fail", message(f.chain(2, add(number, kind, "s", "rsa"))), ""
        yield "RFC 6376 3.2", f"{kind} with an unknown tag", "pass", message(f.chain(2, add(number, kind, "y", "1"))), ""
        yield "RFC 6376 3.2", f"{kind} with a tag whose name starts with a digit", "fail", message(f.chain(2, add(number, kind, "1y", "1"))), ""
        yield "RFC 6376 3.2", f"{kind} with a tag without a name", "fail", message(f.chain(2, add(number, kind, "", "1"))), ""
        sets = f.chain(2)
        at = KINDS.index(kind)
        sets[1][at] = re.sub(r"(; b=.{20})", "\\1\r\n\t ", sets[1][at])
        yield "RFC 6376 3.2", f"{kind} with white space within b=", "pass" if kind == SEAL else "fail", message(sets), ""
    yield "4.1.3", "a seal with h=", "fail", message(f.chain(2, put(2, SEAL, "h", "from"))), ""
    yield "4.1.3", "an older seal with h=", "fail", message(f.chain(2, put(1, SEAL, "h", "from"))), ""
    for number in (1, 2):
        for kind in range(3):
            sets = f.chain(2)
            sets[number - 1][kind] = re.sub("example", "exempel", sets[number - 1][kind], count=1)
            yield "5.2 6", f"{KINDS[kind]} {number} was changed after the seals", "fail", message(sets), ""
    yield "5.1.1", "a seal that covers its own set only", "fail", message(f.chain(2, lambda at, what, tags: [] if (at, what) == (2, SEAL) else None)), ""
    backwards = f.chain(3)
    backwards[2] = f.set_of(3, backwards[1::-1], lambda *_: None, HEADER, BODY)
    yield "5.1.1", "a seal that covers the sets from the last to the first", "fail", message(backwards), ""


def signatures(f):
    yield "5.2 4", "an older message signature that holds no more", "pass", message(f.chain(2, bodies=("before\r\n", BODY))), ""
    yield "5.2 4", "the newest holds no more: body", "fail", message(f.chain(2), body=BODY + "x\r\n"), ""
    yield "5.2 4", "the newest holds no more: header", "fail", message(f.chain(2), header=HEADER.replace("one", "two")), ""
    yield "4.1.2", "h= names ARC-Seal", "fail", message(f.chain(2, put(2, MESSAGE, "h", "from:arc-seal:subject"))), ""
    yield "5.2 4", "h= of an older one names ARC-Seal", "pass", message(f.chain(2, put(1, MESSAGE, "h", "from:arc-seal"))), "it reads those that nothing hangs on, too"
    yield "RFC 6376 6.1.1", "h= does not name From", "fail", message(f.chain(1, put(1, MESSAGE, "h", "to:subject"))), "it does not ask"
    yield "4.1.2", "h= names results and older signatures", "pass", message(
        f.chain(2, put(2, MESSAGE, "h", "from:to:arc-authentication-results:arc-message-signature"))), ""
    yield "RFC 6376 3.5", "h= names a field that is not there, and one twice", "pass", message(f.chain(1, put(1, MESSAGE, "h", "from:cc:subject:subject"))), ""
    for form, verdict, why in (("relaxed/relaxed", "pass", ""), ("relaxed/simple", "pass", ""), ("relaxed", "pass", ""),
                               (None, "pass", "it takes relaxed/relaxed for the default"), ("odd/relaxed", "fail", ""), ("relaxed/odd", "fail", ""),
                               ("relaxed/relaxed/relaxed", "fail", ""), ("", "fail", "")):
        yield "RFC 6376 3.5", f"c={form}", verdict, message(f.chain(2, put(2, MESSAGE, "c", form))), why
    for name, value, verdict, why in (("x", str(NOW + 1000), "pass", ""), ("x", str(NOW - 100_000), "fail", ""), ("x", "soon", "fail", ""),
                                      ("q", "dns/txt", "pass", ""), ("q", "http", "fail", ""), ("v", "1", "pass", "")):
        yield "RFC 6376 3.5", f"{name}={value if name != 'x' else 'a time'} in the newest message signature", verdict, message(
            f.chain(2, add(2, MESSAGE, name, value))), why
    yield "RFC 6376 3.5", "x= before t=", "fail", message(f.chain(2, add(2, MESSAGE, "x", str(NOW - 1)))), "it allows 10 hours"


def results(f):
    for text, verdict, why in (
            (" i=1; anything = at; all ;;= (so", "pass", ""), (" i=1;", "pass", ""), ("i=1;none", "pass", ""), (" i = 1 ; mx.example.org; none", "pass", ""),
            ("\r\n\ti=1;\r\n\tmx.example.org; none", "pass", ""), (" (a comment) i (x) = (y (z)) 1 (w); mx.example.org; none", "pass", "it reads no comments"),
            (" mx.example.org; i=1; none", "fail", "it finds i= anywhere"), (" I=1; mx.example.org; none", "fail", "it takes both"),
            (" mx.example.org; none", "fail", ""), (" i=1 mx.example.org", "fail", "it finds i= anywhere"), (" (i=1; mx.example.org", "fail", "it reads no comments")):
        yield "4.1.1", f"results{text!r}", verdict, message(f.chain(1, say(1, text))), why


def differs(row, tool, records):
    """"" when both say what the row does."""
    section, sentence, verdict, content, why = row
    said, theirs = tool(content).decode().split(" ", 2), peers.dkimpy_chain(content, records)
    if said[0] != verdict:
        return f"{section} {sentence}: we say {' '.join(said)}, not {verdict}\n{content.decode()}"
    same = (theirs[0] == "pass") == (verdict == "pass")
    if same == bool(why):
        return f"{section} {sentence}: dkimpy says {theirs}"
    return ""


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = peers.make_keys(folder)
        forger, tool = Forger((folder / "rsa.pem").read_bytes()), Tool("chain", folder / "zone")
        for rules in (structure, states, seals, signatures, results):
            rows = list(rules(forger))
            apart = sum(bool(row[4]) for row in rows)
            case(f"{rules.__name__}: {len(rows)} chains, of which dkimpy judges {apart} otherwise", [w for w in (differs(row, tool, records) for row in rows) if w])
        tool.close()
    sys.exit(bool(peers.failures))


if __name__ == "__main__":
    main()
