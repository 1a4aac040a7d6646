#!/usr/bin/python3 -B
"""A file of more than 400 lines wants to be two; more than 600 is an error."""
from tree import files, read, report

WISH, LIMIT = 400, 600
lengths = {path: read(path).count("\n") for path in files(suffixes=(".cpp", ".h", ".cc", ".py"))}
long = [f"{path}: {length} lines" for path, length in lengths.items() if length > LIMIT]
wish = [f"{path} {length}" for path, length in lengths.items() if WISH < length <= LIMIT]
report("sizes", long, f"over {WISH} lines: {', '.join(wish) or 'none'}")
