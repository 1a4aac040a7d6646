#!/usr/bin/python3 -B
"""Each folder says in a README.md of one screen what it owns. Unit tests mirror the tree and need none."""
import os

from tree import TOP, files, read, report

SCREEN = 60
folders = set()
for path in files("common", "proto", "msa", "mta", "mda", "deploy", "tests", suffixes=(".cpp", ".h", ".py", ".txt", ".in")):
    parts = path.split("/")[:-1]
    mirrors = parts[0] == "tests" and parts[1:2] and os.path.isdir(f"{TOP}/{parts[1]}")
    if not mirrors:
        folders.add("/".join(parts[:2]))
folders -= {"common", "proto", "msa", "mta", "mda"}  # the top README tells these
findings = [f"{folder} has no README.md" for folder in sorted(folders) if not os.path.exists(f"{TOP}/{folder}/README.md")]
findings += [f"{path} is longer than a screen ({lines} lines)" for path in files(suffixes=("README.md",))
             if (lines := read(path).count("\n")) > SCREEN]
report("readmes", findings, f"{len(folders)} folders")
