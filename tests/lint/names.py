#!/usr/bin/python3 -B
"""The tree names no host of a package registry and no path of the machine that it was written on."""
import re

from tree import files, read, report

FORBIDDEN = {
    "a registry's host": re.compile(r"\b(?:deb|security|ftp|registry|pypi|files|proxy|mirror)\."
                                    r"(?:debian|npmjs|python|pythonhosted|golang|yarnpkg)?\.?(?:org|com|io|net)\b"),
    "a path of one machine": re.compile(r"(?<![\w.$}~-])/(?:work|root)/"),
}
findings = []
for path in files(suffixes=(".cpp", ".h", ".cc", ".py", ".md", ".txt", ".json", ".cmake", ".in", ".sh", "/run", "-root", "-msa")):
    for number, line in enumerate(read(path).splitlines(), 1):
        findings += [f"{path}:{number} names {what}" for what, pattern in FORBIDDEN.items() if pattern.search(line)]
report("names", findings)
