"""kill -9 of mta while it relays to a sink that notes each dot."""
import collections
import random
import signal
import time

from background import BackgroundLoad
from cases import ALICE, case, check
from letters import Post
from load import Door
from ours import PASSWORD

KILLS, SECONDS_BETWEEN = 20, (0.2, 1.2)
DOMAINS = ["sink.test", *(f"d{number:04}.alive.test" for number in range(1, 20))]
DOUBLE_S = 1  # a copy that was taken longer before a kill had its outcome on disk; what the socket held comes after it


class FarPost(Post):
    """Letters to slow mailboxes at many domains."""

    def write(self, sender):
        self.domain = self.chance.choice(DOMAINS)
        return super().write(sender)


@case(f"{KILLS} kills of mta while it relays: nothing lost, doubles only of what was under way, counted")
def _(world):
    chance = random.Random(world.arguments.seed)
    ours = world.ours
    post = FarPost("w", "", [f"slow{number}" for number in range(5)], world.arguments.seed, sizes=((1, 3000),))
    load = BackgroundLoad(post, [Door(ours.submission_port, ALICE, PASSWORD)] * 8).start()
    kills = []
    for _ in range(KILLS):
        time.sleep(chance.uniform(*SECONDS_BETWEEN))
        kills.append(time.time())
        ours.agents["mta"].restart(signal.SIGKILL, {})
    time.sleep(1)
    load.stop()
    check(load.join(), f"the load does not end: {load.refusals}")
    left = ours.wait_drained(120)
    check(left == 0, f"{left} still wait")
    check(not ours.surprises(), f"{ours.surprises()}")
    clean, said = ours.audit()
    check(clean, said)
    return count(load.letters, world.sink_lines(), kills)


def count(letters, lines, kills):
    """Compares what was accepted with what the sink took; returns the figures in words."""
    copies = collections.defaultdict(list)
    for line in lines:
        for to in line["to"]:
            if line["letter"]:
                check(line["whole"], f"{line['letter']} came in part")
                copies[line["letter"], to].append(line["t"])
    acked = [(letter.name, to) for letter in letters if letter.state == "acked" for to in letter.recipients]
    lost = [pair for pair in acked if not copies[pair]]
    check(not lost, f"{len(lost)} of {len(acked)} lost, such as {lost[:3]}")
    doubled = {pair: times for pair, times in copies.items() if len(times) > 1}
    for pair, times in doubled.items():
        for taken in sorted(times)[:-1]:
            check(any(abs(kill - taken) < DOUBLE_S for kill in kills), f"{pair} was doubled away from any kill: {times}")
    for letter in letters:
        check(letter.state != "unsent" or not any((letter.name, to) in copies for to in letter.recipients),
              f"{letter.name} was never sent to its end and came out")
    return f"{len(acked)} relayed under {len(kills)} kills, {len(doubled)} doubled"
