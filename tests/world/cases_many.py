"""Two thousand destinations, half of them dead: memory and CPU of mta, and the living drain at full speed."""
import os
import time

from background import BackgroundLoad
from cases import ALICE, case, check
from destinations import MANY
from hosts import wait_for
from letters import Post
from load import Door
from ours import PASSWORD

RSS_MOST_MIB = 300


def ours(_):
    return {"retry": "5m"}


class ManyPost(Post):
    """One recipient each; the destinations take turns. Every second is dead if `half_dead`."""

    def __init__(self, prefix, seed, half_dead):
        super().__init__(prefix, "", ["user"], seed, sizes=((1, 2000),), most_recipients=1)
        self.half_dead = half_dead

    def write(self, sender):
        number = self.written // (2 if self.half_dead else 1) % MANY + 1
        self.domain = f"d{number:04}.{'dead' if self.half_dead and self.written % 2 else 'alive'}.test"
        return super().write(sender)


class Meter:
    """CPU seconds and memory of a process."""

    def __init__(self, pid):
        self.pid = pid
        self.began = self.cpu()

    def cpu(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def used(self):
        return self.cpu() - self.began

    def rss(self):
        """(now, most) in MiB."""
        with open(f"/proc/{self.pid}/status") as file:
            found = dict(line.split(":", 1) for line in file)
        return tuple(int(found[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def drain(world, prefix, messages, half_dead):
    """Sends them and waits for the living: (living a second, seconds from the last submission to the last of them)."""
    before = world.count_sink_lines()
    post = ManyPost(prefix, world.arguments.seed, half_dead)
    load = BackgroundLoad(post, [Door(world.ours.submission_port, ALICE, PASSWORD)] * 10, most=messages).start()
    check(load.join(3600), f"the load does not end: {load.refusals}")
    ended = time.time()
    check(all(letter.state == "acked" for letter in load.letters), f"refused: {load.refusals}")
    living = {letter.name for letter in load.letters if letter.recipients[0].endswith("alive.test")}

    wait_for(f"all {len(living)} of the living", lambda: world.count_sink_lines() >= before + len(living), 300, pause=0.5)
    lines = [line for line in world.sink_lines() if line["letter"] in living]
    check(len(lines) == len(living), f"{len(lines)} taken, {len(living)} sent")
    first, last = min(line["t"] for line in lines), max(line["t"] for line in lines)
    return len(living) / (last - first), max(0.0, last - ended)


@case("half of the destinations are dead: the living do not wait for them, memory and CPU stay bounded")
def _(world):
    messages = world.arguments.messages
    meter = Meter(world.ours.agents["mta"].process.pid)
    alone, _ = drain(world, "a", messages // 2, half_dead=False)
    spent, before = meter.used(), meter.rss()[0]
    mixed, behind = drain(world, "b", messages, half_dead=True)
    now, most = meter.rss()
    busy = meter.used() - spent
    time.sleep(10)
    idle = (meter.used() - spent - busy) / 10
    check(most < RSS_MOST_MIB, f"mta took {most:.0f} MiB")
    check(mixed > 0.4 * alone / 2, f"{mixed:.0f}/s beside the dead, {alone:.0f}/s without")
    check(behind < 30, f"the living were done {behind:.0f} s after the last submission")
    return (f"living {alone:.0f}/s alone, {mixed:.0f}/s with as many for the dead beside them, done {behind:.1f} s after the "
            f"last submission; mta {before:.0f} MiB before, {now:.0f} after, {most:.0f} most; CPU {1e3 * busy / messages:.2f} ms "
            f"a message, then {100 * idle:.1f} % of a core with {messages // 2} waiting")
