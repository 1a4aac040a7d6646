"""What differs from run to run, as placeholders; all else of an answer has to stand there letter for letter.

| in the answer                              | in the golden text |
|--------------------------------------------|--------------------|
| ids, the message's own first; its end      | <id>, <id 2>, <short id> |
| the time since the start, "+0.012"         | +n.nnn             |
| how long it took, "in 0.04 s"              | in n.nn s          |
| the moment of acceptance                   | <moment>           |
| "next try in 0 s", which may be 1          | in n s             |
| DKIM selectors, named by the day           | <day>r, <day>e     |
| hash and day in an address of SRS          | SRS0=<hash>=<day>= |

The look at our own mail runs beside the first attempt, so that its line may stand before or behind that of the attempt; it
is moved behind the others. Lines are as long as they were: a placeholder replaces text after the lines were broken."""
import re

ID = re.compile(r"\b01[0-9a-hjkmnp-tv-z]{24}\b")
RULES = (
    (re.compile(r"try(\s+)in(\s+)[012](\s+)s\b"), r"try\1in\2n\3s"),
    (re.compile(r"^  \+\d+(\.\d+)?( s)? +(?=m[sdt]a )", re.MULTILINE), "  +n.nnn  "),
    (re.compile(r"\b(in|after) \d+(\.\d\d)? s(?=$)", re.MULTILINE), r"\1 n.nn s"),
    (re.compile(r"\b\d\d [A-Z][a-z]{2} \d\d:\d\d:\d\d\b"), "<moment>"),
    (re.compile(r"\b20\d{6}([re])\b"), r"<day>\1"),
    (re.compile(r"\bSRS0=[^=\s]+=[^=\s]+="), "SRS0=<hash>=<day>="),
)


def normalised(text, id):
    names = {id: "<id>"}
    for found in ID.findall(text):
        names.setdefault(found, f"<id {len(names) + 1}>")
    text = ID.sub(lambda match: names[match[0]], text).replace(id[-8:], "<short id>")
    for pattern, word in RULES:
        text = pattern.sub(word, text)
    return own_check_last(text)


def own_check_last(text):
    kept, moved, moving = [], [], False
    for line in text.splitlines():
        moving = line.startswith("  +") and "our own check: SPF" in line or moving and re.match(r" {10,}\S", line)
        (moved if moving else kept).append(line)
    at = next((number for number, line in enumerate(kept) if line.startswith("Count:")), len(kept))
    return "\n".join(kept[:at] + moved + kept[at:]) + "\n"
