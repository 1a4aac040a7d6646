"""What the operator sees and does, from outside: status, trace, audit, aliases, and agents that are away."""
import json
import os
import re
import signal
import time
from pathlib import Path

from harness import (ALICE, BOB, DOMAIN, HOST, PASSWORD, arrives, case, check, env, exchange, futar, message, pid, search, send, submission,
                     token, trace)

OPTIONS = ["--accounts", "3"]
STRANGER = "eve@elsewhere.example"


def submit(word, to=None):
    code, text = send(submission(), message(word, to=to), to=to)
    check(code == 250, f"{code} {text}")
    return text.split()[-1]


@case("futar status, audit and trace tell of a delivered message; the short id is enough")
def _():
    word = token()
    id = submit(word)
    arrives(BOB, word)
    for _ in range(100):
        found = trace(id[-8:])
        if found and [r["state"] for r in found[0]["recipients"]] == ["delivered"]:
            break
        time.sleep(0.05)
    check(found[0]["id"] == id, f"{found}")
    check([r["state"] for r in found[0]["recipients"]] == ["delivered"], f"{found[0]['recipients']}")
    agents = {event["agent"] for event in found[0]["events"]}
    check(agents == {"msa", "mta", "mda"}, f"events only of {agents}")
    check(json.loads(futar("--json", "status")).get("schema") == 1, "status")
    futar("audit")
    check("DELIVERED" in futar("trace", id), "the plain trace")


@case("a message is found by its Message-ID, its client and an alias' target: with all of its way, and no other is")
def _():
    futar("alias", "add", f"found@{DOMAIN}", ALICE)

    def put(session, sender, to):
        word = token()
        code, text = send(session, message(word, sender=sender, to=to, fields=[f"Message-ID: <{word}@a.example>"]), sender=sender, to=to)
        check(code == 250, f"{code} {text}")
        arrives(ALICE, word)
        return text.split()[-1], f"<{word}@a.example>"
    submitted, named = put(submission(), ALICE, f"found@{DOMAIN}")
    from_outside, named_outside = put(exchange(), STRANGER, ALICE)
    for id, name in ((submitted, named), (from_outside, named_outside)):
        for words in (("--message-id", name), ("--message-id", name.strip("<>")), (name,)):
            found = [one["id"] for one in trace(*words)]
            check(found == [id], f"{words}: {found}, not {id}")
    for words in (("--client", HOST, "--to", f"found@{DOMAIN}"), ("--from", ALICE, "--to", ALICE)):
        found = [one for one in trace(*words) if one["id"] == submitted]
        check(found and {"msa", "mta"} <= {event["agent"] for event in found[0]["events"]}, f"{words}: {found}")
    check(not trace("--client", "192.0.2.1", okay=(67,)), "found by the address of nobody")


@case("an alias with several targets reaches each of them once; the list's address may send")
def _():
    futar("alias", "add", f"team@{DOMAIN}", ALICE, BOB)
    word = token()
    code, text = send(exchange(), message(word, sender=STRANGER), sender=STRANGER, to=f"team@{DOMAIN}")
    check(code == 250, f"{code} {text}")
    arrives(ALICE, word)
    arrives(BOB, word)
    word = token()
    code, text = send(submission(), message(word, sender=f"team@{DOMAIN}"), sender=f"team@{DOMAIN}")
    check(code == 250, f"{code} {text}")
    arrives(BOB, word)


@case("an alias to itself, and two that name each other, end and reach nobody twice")
def _():
    futar("alias", "add", f"one@{DOMAIN}", f"two@{DOMAIN}", BOB)
    futar("alias", "add", f"two@{DOMAIN}", f"one@{DOMAIN}", BOB)
    word = token()
    send(exchange(), message(word, sender=STRANGER), sender=STRANGER, to=f"one@{DOMAIN}")
    arrives(BOB, word)
    time.sleep(0.5)
    check(len(search(BOB, word)) == 1, "doubled")


@case("a catch-all takes what nobody else has, and only that")
def _():
    futar("alias", "add", f"@{DOMAIN}", ALICE)
    word = token()
    code, text = send(exchange(), message(word, sender=STRANGER), sender=STRANGER, to=f"whoever@{DOMAIN}")
    check(code == 250, f"{code} {text}")
    arrives(ALICE, word)
    futar("alias", "remove", f"@{DOMAIN}")
    code, text = send(exchange(), message(token(), sender=STRANGER), sender=STRANGER, to=f"whoever@{DOMAIN}")
    check(code == 550, f"{code} {text}")


@case("a new user can log in and be written to as soon as `futar user add` returns")
def _():
    address, word = f"new@{DOMAIN}", token()
    futar("user", "add", address, "--password-file", "-", text=PASSWORD + "\n")
    code, text = send(submission(address, PASSWORD), message(word, sender=address, to=address), sender=address, to=address)
    check(code == 250, f"{code} {text}")
    arrives(address, word)
    futar("--yes", "user", "remove", address)
    code, text = send(exchange(), message(token()), sender=STRANGER, to=address)
    check(code == 550, f"{code} {text}")


@case("mta killed: msa accepts meanwhile, it is started again, nothing is lost or doubled")
def _():
    words = [token() for _ in range(20)]
    for number, word in enumerate(words):
        submit(word)
        if number % 5 == 2:
            os.kill(pid("mta"), signal.SIGKILL)
    for word in words:
        arrives(BOB, word)


@case("each agent stopped for two seconds: the others accept, and all comes when it goes on")
def _():
    for agent in ("mta", "mda"):
        stopped = pid(agent)
        os.kill(stopped, signal.SIGSTOP)
        try:
            word = token()
            submit(word)
            time.sleep(2)
        finally:
            os.kill(stopped, signal.SIGCONT)
        arrives(BOB, word)


@case("while mda is away futar says which part is missing")
def _():
    stopped = pid("mda")
    os.kill(stopped, signal.SIGSTOP)
    try:
        told = futar("status", okay=(0, 1, 69))
        check("mda" in told, told)
    finally:
        os.kill(stopped, signal.SIGCONT)


@case("futar send and sendmail put a message in")
def _():
    word = token()
    futar("send", "--from", ALICE, "--to", BOB, text=message(word).decode())
    arrives(BOB, word)


@case("the config that runs passes `futar config check`; its changed settings are those of the front door")
def _():
    futar("config", "check")
    check("capture" in futar("config", "show", "--changed"), "mta.remote")


@case("the keys of the links are made once; what is there stays, and what is missing is made")
def _():
    folder = Path(env["FUTAR_ROOT"], "keys")
    made = futar("link", "keys", "--folder", str(folder)).splitlines()
    names = {"mta.secret", "mta.public", "msa.secret", "mda.secret", "submission.allowed", "delivery.allowed"}
    check({Path(line.removeprefix("made ")).name for line in made} == names, f"{made}")
    check({path.name for path in folder.iterdir()} == names, "other files")
    check(all(path.stat().st_mode & 0o027 == 0 for path in folder.glob("*.secret")), "others read a secret")
    before = {name: (folder / name).read_text() for name in names}
    check(futar("link", "keys", "--folder", str(folder)).startswith("all keys are there"), "made again")
    (folder / "msa.secret").unlink()
    made = futar("link", "keys", "--folder", str(folder))
    check("msa.secret" in made and "submission.allowed" in made and "mda" not in made, made)
    check((folder / "mta.secret").read_text() == before["mta.secret"], "mta's key changed")
    check((folder / "submission.allowed").read_text().startswith(before["submission.allowed"]), "a key lost its leave")


@case("a health check asks one agent")
def _():
    for agent in ("msa", "mta", "mda"):
        check(futar("status", agent) == f"{agent} answers\n", agent)


def help_entries(text):
    """What a page of help lists, by section: the words of an entry with its explanation."""
    section, entries = "", []
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            section = line.rstrip(":")
        elif line.startswith("  ") and line[2:3].strip() and section:
            entries.append([section, line.strip()])
        elif line.startswith("   ") and entries:
            entries[-1][1] += "  " + line.strip()
    return entries


@case("futar --help and the help of each verb explain every word that they list")
def _():
    bare, pages, waiting = [], 0, [()]
    while waiting:
        words = waiting.pop()
        pages += 1
        for section, entry in help_entries(futar(*words, "--help")):
            if not re.search(r"(  |REQUIRED )\S", entry):
                bare.append(f"{' '.join(words)}: {entry}")
            name = entry.split()[0]
            if section == "Subcommands" and words + (name,) != ("sendmail",):
                waiting.append(words + (name,))
    check(not bare, f"without an explanation: {bare}")
    check(pages > 60, f"{pages} pages of help only")
