"""What one message of 4 KiB costs on its way from port 587 into a Maildir: CPU by thread, beside the budget of the
design, and the calls that reach the disk."""
import collections
import contextlib
import os
import re
import sqlite3
import statistics

from background import BackgroundLoad
from disk import read_log
from letters import Post
from load import Door
from postfix_side import USERS
from world import PASSWORD, SENDER

MESSAGES, RECORDED, SESSIONS = 4000, 1000, 8

# Microseconds a message, from the design's table; a thread is known by the end of its name.
BUDGET = (
    ("store", "msa.db 53, mta.db 53, trail 22, ledger 10", 138),
    ("worker", "Maildir calls 19, fsync 30", 49),
    ("log", "log lines 4", 4),
    ("", "sockets 40, parse and frames 10, link 52, JSON 20, hops 4", 126),
)


def thread_times(server):
    """(agent, thread name) -> nanoseconds on a processor, the threads of one name together."""
    times = collections.Counter()
    for name, agent in server.world.agents.items():
        folder = f"/proc/{agent.process.pid}/task"
        for thread in os.listdir(folder):
            with open(f"{folder}/{thread}/comm") as comm, open(f"{folder}/{thread}/schedstat") as schedstat:
                times[name, re.sub(r"[-_]?\d+$", "", comm.read().strip())] += int(schedstat.read().split()[0])
    return times


def submit(server, count):
    world = server.world
    door = Door(world.submission_port, f"{SENDER}@{world.domain}", PASSWORD)
    post = Post("k", world.domain, USERS, 1, sizes=((1, 4096),), most_recipients=1)
    load = BackgroundLoad(post, [door] * SESSIONS, most=count).start()
    if not load.join(300) or any(letter.state != "acked" for letter in load.letters):
        raise RuntimeError(f"not all were taken: {load.refusals}")
    if left := world.wait_drained():
        raise RuntimeError(f"{left} still wait")


def table(server):
    submit(server, SESSIONS * 4)  # logins and caches
    before = thread_times(server)
    submit(server, MESSAGES)
    after = thread_times(server)
    print(f"\nWhat one message costs, 587 -> Maildir, {MESSAGES} messages, TLS included:")
    print(f"{'agent':6} {'thread':18} {'us':>7}")
    kinds = collections.Counter()
    for (agent, thread), time in sorted(after.items()):
        cost = (time - before[agent, thread]) / MESSAGES / 1000
        kinds[next(kind for kind, _, _ in BUDGET if kind in thread)] += cost
        if cost >= 0.05:
            print(f"{agent:6} {thread:18} {cost:7.1f}")
    print(f"\n{'threads':10} {'us':>7} {'budget':>7}  of it")
    for kind, words, budget in BUDGET:
        print(f"{kind or 'io, others':10} {kinds[kind]:7.1f} {budget:7}  {words}")
    print(f"{'all':10} {sum(kinds.values()):7.1f} {sum(budget for _, _, budget in BUDGET):7}")
    signing(server)
    disk_calls(server)


def signing(server):
    """The same way by turns without and with keys that sign, RSA-2048 and Ed25519 for each message."""
    world, costs = server.world, {False: [], True: []}
    world.futar("dkim", "add", world.domain)
    for turn in range(6):
        signs = turn % 2 == 1
        world.stop()
        with contextlib.closing(sqlite3.connect(f"{world.disk}/state/mta/mta.db")) as database, database:
            # No DNS is asked here that would have to show the keys first.
            database.execute("UPDATE selector SET standing = ?", (2 if signs else 1,))
        world.start()
        submit(server, SESSIONS * 4)
        before = thread_times(server)
        submit(server, MESSAGES // 2)
        costs[signs].append((sum(thread_times(server).values()) - sum(before.values())) / (MESSAGES // 2) / 1000)
    plain, signed = (statistics.median(costs[signs]) for signs in (False, True))
    print(f"\nsigning by two keys: {signed:.0f} us a message instead of {plain:.0f}, {signed / plain:.2f} times as much; "
          f"{signed - plain:.0f} us for the signatures")


def disk_calls(server):
    """The same way once more with the recorder below the agents: what reaches the disk."""
    world = server.world
    world.stop()
    log = f"{world.root}/record"
    world.start({"FUTAR_RECORD": log})
    submit(server, RECORDED)
    calls, octets = collections.Counter(), 0
    for record in read_log(log):
        calls[record.kind] += 1
        octets += len(record.data)
    print(f"\nfsyncs {calls['f'] / RECORDED:.2f}, writes {calls['W'] / RECORDED:.2f} of together "
          f"{octets / RECORDED / 1024:.1f} KiB, renames {calls['R'] / RECORDED:.2f}, opened "
          f"{calls['O'] / RECORDED:.2f} a message (with the recorder)")
