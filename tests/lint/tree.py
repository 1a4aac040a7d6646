"""What the lints share: the files of the tree, and how a finding is told."""
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = (".cpp", ".h", ".cc")
CODE = ("common", "proto", "msa", "mta", "mda", "deploy")  # what runs, without tests


def files(*folders, suffixes=SOURCE):
    """Paths relative to the top, in order: all that git has or would take."""
    told = subprocess.run(["git", "-c", f"safe.directory={TOP}", "ls-files", "-co", "--exclude-standard", "--", *folders],
                          cwd=TOP, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(path for path in set(told) if path.endswith(suffixes) and os.path.isfile(f"{TOP}/{path}"))


def read(path):
    with open(f"{TOP}/{path}", encoding="utf-8", errors="replace") as file:
        return file.read()


def includes(path):
    """(line number, "common/base/ids.h" or "<boost/asio.hpp>") of each #include."""
    for number, line in enumerate(read(path).splitlines(), 1):
        if found := re.match(r'\s*#\s*include\s*(?:"([^"]+)"|(<[^>]+>))', line):
            yield number, found[1] or found[2]


def report(name, findings, note=""):
    """Prints "OK name" or "FAIL name" with the findings, and ends."""
    print(f"{'FAIL' if findings else 'OK'} {name}{' (' + note + ')' if note else ''}")
    for finding in findings:
        print(f"  {finding}")
    sys.exit(bool(findings))
