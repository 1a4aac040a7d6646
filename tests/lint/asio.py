#!/usr/bin/python3 -B
"""Asio's I/O headers cost seconds and 450 MB a translation unit: at most 50 may see them, directly or through a header.
<boost/asio/awaitable.hpp> is cheap and free to all (common/base/async.h)."""
import functools

from tree import files, includes, report

LIMIT = 50
CHEAP = {"<boost/asio/awaitable.hpp>", "<boost/asio/any_io_executor.hpp>"}  # the second is part of the first
known = set(files())


@functools.cache
def sees_asio(path):
    for _, included in includes(path):
        if included.startswith(("<boost/asio", "<boost/beast")) and included not in CHEAP:
            return True
        if included in known and sees_asio(included):
            return True
    return False


units = [path for path in sorted(known) if path.endswith((".cpp", ".cc")) and sees_asio(path)]
report("asio", units if len(units) > LIMIT else [], f"{len(units)} of at most {LIMIT} translation units")
