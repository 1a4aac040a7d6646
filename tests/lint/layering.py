#!/usr/bin/python3 -B
"""Who may include whom: common/ in the order of FUTAR_LAYERS, proto above common, the agents above both and never each
other; and what a folder includes, its library names in USES (else the order of linking is luck)."""
import re

from tree import files, includes, read, report

AGENTS = ("msa", "mta", "mda")


def library(path):
    """ "common/base/ids.h" -> "base", "mta/queue/x.h" -> "mta_queue", "proto/messages.h" -> "proto" """
    parts = path.split("/")[:-1]
    return "_".join(parts[1:2] if parts[0] == "common" else parts[:2])


def declared():
    """{library: what it USES, and what those use}"""
    uses = {}
    for path in files("common", "proto", *AGENTS, suffixes=("CMakeLists.txt",)):
        for call in re.findall(r"futar_library\(([^)]*)\)", read(path)):
            words = call.split()
            used = words[words.index("USES") + 1:] if "USES" in words else []
            used = used[:used.index("WRAPS")] if "WRAPS" in used else used
            uses[library(words[0] + "/")] = set(used)
    grown = True
    while grown:
        grown = False
        for used in uses.values():
            more = set().union(*(uses.get(name, set()) for name in used)) - used
            used |= more
            grown = grown or bool(more)
    return uses


def may_include(path, included, layers):
    own, other = path.split("/")[0], included.split("/")[0]
    if own == "common":
        if other != "common":
            return False
        mine, theirs = library(path), library(included)
        return mine == theirs or (theirs in layers and mine in layers and layers.index(theirs) < layers.index(mine))
    if own == "proto":
        return other in ("common", "proto")
    if own in AGENTS:
        return other in ("common", "proto", own)
    return other not in AGENTS  # deploy


layers = re.search(r"set\(FUTAR_LAYERS([^)]*)\)", read("CMakeLists.txt"))[1].split()
uses = declared()
findings = []
for path in files("common", "proto", *AGENTS, "deploy"):
    for number, included in includes(path):
        if included.startswith("<"):
            continue
        mine, theirs = library(path), library(included)
        if not may_include(path, included, layers):
            findings.append(f"{path}:{number} may not include {included}")
        elif mine in uses and theirs not in uses[mine] | {mine, "proto"}:
            findings.append(f"{path}:{number} includes {included}, but futar_{mine} does not use {theirs}")
report("layering", findings, f"{len(layers)} layers")
