#!/usr/bin/python3 -B
"""rfc4408-tests.yml of openspf.org (release 2009.10) -> rfc4408.inc: the cases as JSON in a C++ raw string, one a line.
Run by hand (python3-yaml). SPF records (type 99) become TXT where there is no TXT, as the suite's drivers do it."""
import json
import sys

import yaml


def records(entries):
    """[[type, text]...]; "*" stands for each type that is not named: it times out."""
    named = [entry for entry in entries if isinstance(entry, dict)]
    pairs = [(kind, value) for entry in named for kind, value in entry.items()]
    if not any(kind == "TXT" for kind, _ in pairs):
        pairs = [("TXT" if kind == "SPF" else kind, value) for kind, value in pairs]
    kept = [(kind, value) for kind, value in pairs if kind != "SPF" and value != "NONE"]
    return [[kind, text(kind, value)] for kind, value in kept] + [["*", ""]] * ("TIMEOUT" in entries)


def text(kind, value):
    if kind == "MX":
        return f"{value[0]} {value[1]}".strip()
    return "".join(value) if isinstance(value, list) else str(value)


def section(document):
    cases = [{"name": name, "spec": str(case.get("spec", "")), "helo": case["helo"], "client": case["host"],
              "from": case["mailfrom"],
              "results": case["result"] if isinstance(case["result"], list) else [case["result"]],
              "explanation": case.get("explanation")} for name, case in document["tests"].items()]
    zone = {name.lower(): records(entries) for name, entries in document["zonedata"].items()}
    return {"section": document["description"], "cases": cases, "zone": zone}


def line(value):
    return json.dumps(value, separators=(",", ":"))


with open(sys.argv[1], encoding="utf-8") as source:
    sections = [section(document) for document in yaml.safe_load_all(source)]
print("R\"json([")
for number, part in enumerate(sections):
    print(f"{{\"section\":{line(part['section'])},\"cases\":[")
    print(",\n".join(line(case) for case in part["cases"]))
    print("],\"zone\":{")
    print(",\n".join(f"{line(name)}:{line(value)}" for name, value in part["zone"].items()))
    print("}}," if number + 1 < len(sections) else "}}")
print("])json\"")
