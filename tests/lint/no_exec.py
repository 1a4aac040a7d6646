#!/usr/bin/python3 -B
"""No shell behind an address (CVE-2019-10149, CVE-2020-7247): the agents start no program at all."""
import re

from tree import files, read, report

CALL = re.compile(r"(?<![\w.>])(?:std::)?(?:::)?(?:execve?|execvpe?|execle?|execlp|fexecve|execveat|system|popen|posix_spawnp?|wordexp)"
                  r"\s*\(")
findings = []
for path in files("common", "proto", "msa", "mta", "mda"):
    for number, line in enumerate(read(path).splitlines(), 1):
        if CALL.search(line.split("//")[0]):
            findings.append(f"{path}:{number} {line.strip()[:90]}")
report("no_exec", findings)
