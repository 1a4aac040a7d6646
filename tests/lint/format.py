#!/usr/bin/python3 -B
"""The sources are as clang-format-19 writes them: clang-format-19 -i FILE mends it."""
import re
import shutil
import subprocess

from tree import TOP, files, report

if not shutil.which("clang-format-19"):
    report("format", ["clang-format-19 is not installed"])
told = subprocess.run(["clang-format-19", "--dry-run", *files()], cwd=TOP, capture_output=True, text=True).stderr
findings = sorted({found[1] for found in re.finditer(r"^([^\s:]+):\d+:\d+: ", told, re.MULTILINE)})
report("format", findings, f"{len(files())} files")
