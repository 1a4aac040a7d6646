#!/usr/bin/python3 -B
"""SQL stands only in *_store.cpp, so that one file shows all that touches a table, and in common/store, which owns SQLite."""
import re

from tree import CODE, files, read, report

STATEMENT = re.compile(r'"[^"\n]*\b(?:SELECT\s[^"]*\sFROM\b|INSERT\s+(?:OR\s+\w+\s+)?INTO\b|UPDATE\s+\w+\s+SET\b|'
                       r'DELETE\s+FROM\b|CREATE\s+(?:TABLE|(?:UNIQUE\s+)?INDEX)\b|PRAGMA\s+\w)', re.IGNORECASE)
findings = []
for path in files(*CODE):
    if path.endswith("_store.cpp") or path.startswith("common/store/"):
        continue
    for number, line in enumerate(read(path).splitlines(), 1):
        if STATEMENT.search(line):
            findings.append(f"{path}:{number} {line.strip()[:90]}")
report("sql", findings)
