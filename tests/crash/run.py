#!/usr/bin/python3
"""Kills, stops and starves the agents under load, and counts: every message that got its 250 is in its mailboxes exactly
once and whole, no other one is half there, the audit is clean. A reader moves and expunges delivered mail all the while.

  run.py [--kills N] [--seconds S] [--faults none|some|all] [--only PART] [--bin DIR] [--seed N] [--keep]

Parts: kills (kill -9 at random moments and at named points, SIGTERM, SIGSTOP), away (an agent is not there for a while),
faults (the n-th write, fsync, rename, open ... of an agent fails, for n from 1 until none does; "some" takes growing
steps of n). Prints details of failures and, last, "N passed, N failed"."""
import argparse
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, HERE)
import away  # noqa: E402
import faults  # noqa: E402
import kills  # noqa: E402
from tally import Tally  # noqa: E402
from town import Town  # noqa: E402

PARTS = {"kills": kills.run, "away": away.run, "faults": faults.run}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=900, help="the kills end after so long at the latest")
    parser.add_argument("--faults", choices=("none", "some", "all"), default="some")
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--bin", default=os.path.join(HERE, "..", "..", "build", "dev", "bin"))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true", help="leave the folder even when nothing failed")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    total = Tally()
    for name, part in PARTS.items():
        if arguments.only in (None, name) and not (name == "faults" and arguments.faults == "none"):
            began, folder = time.monotonic(), tempfile.mkdtemp(prefix=f"futar-{name}-")
            town = Town(arguments.bin, folder)
            try:
                tally = part(town, arguments)
            finally:
                town.close()
            print(f"{name}: {tally.line()}, {time.monotonic() - began:.0f} s", flush=True)
            total.add(tally)
            if tally.failures or arguments.keep:
                print(f"kept: {folder}")
            else:
                shutil.rmtree(folder)
    total.report()
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
