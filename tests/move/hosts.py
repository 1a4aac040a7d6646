"""Two hosts: the namespace of this process, and one of another process with a name of its own; a cable between them."""
import contextlib
import json
import os
import shutil
import smtplib
import ssl
import subprocess
import time

AGENTS = ("mta", "msa", "mda")
DOMAIN, PASSWORD = "move.test", "7kd-qzm-2xw"
ADDRESSES = {"old": "10.77.0.1", "new": "10.77.0.2"}
STATUS_CONFIG = 78

CONFIG = """hostname = "mail.{domain}"
state_dir = "{root}/state"
run_dir = "{root}/run"
[mta]
listen = ["{address}:2525"]
relay_networks = ["10.77.0.0/24"]
remote = "hold"
retry_first = "1s"
[msa]
listen = ["{address}:5587/starttls"]
[mda]
mailboxes = "{root}/mail"
[link]
submission = "tcp://{mta}:2500"
delivery = "tcp://{mta}:2501"
keys = "{root}/keys"
[dns]
servers = []
[metrics]
msa = ""
mta = ""
mda = ""
"""


class Host:
    """`name` is "old" or "new"; `mta` is the host of mta."""

    def __init__(self, programs, root, name, enter=()):
        self.programs, self.root, self.name, self.enter = programs, f"{root}/{name}", name, list(enter)
        self.address, self.agents = ADDRESSES[name], {}
        for folder in ("", "/log", "/run", "/state", "/keys", "/mail"):
            os.mkdir(self.root + folder)
        self.configure("old")

    def configure(self, mta):
        with open(f"{self.root}/futar.toml", "w") as out:
            out.write(CONFIG.format(root=self.root, domain=DOMAIN, address=self.address, mta=ADDRESSES[mta]))

    def command(self, program, *words):
        return [*self.enter, f"{self.programs}/{program}", "--config", f"{self.root}/futar.toml", *words]

    def futar(self, *words, given=None):
        return subprocess.run(self.command("futar", "--yes", *words), input=given, capture_output=True, text=True, timeout=60)

    def start(self, agent):
        with open(f"{self.root}/log/{agent}.log", "ab") as log:
            self.agents[agent] = subprocess.Popen(self.command(f"futar-{agent}"), stdin=subprocess.DEVNULL, stdout=log,
                                                  stderr=log)

    def stop(self, agent):
        """In order; the exit status."""
        process = self.agents.pop(agent)
        process.terminate()
        return process.wait(30)

    def take(self, agent, other, *more):
        """What goes with an agent: its state folder, its secret key, what is published, and `more`, as `cp -a` takes it."""
        for path in (f"state/{agent}", f"keys/{agent}.secret", "keys/mta.public", "state/published", *more):
            target = f"{self.root}/{path}"
            if os.path.isdir(target):
                shutil.rmtree(target)
            subprocess.run(["cp", "-a", f"{other.root}/{path}", target], check=True)

    def status(self, agent):
        """What it answers to `futar status`, {} while it does not."""
        with contextlib.suppress(ValueError):
            return json.loads(self.futar("status", "--json").stdout)["agents"].get(agent) or {}
        return {}

    def log(self, agent):
        with open(f"{self.root}/log/{agent}.log", errors="replace") as file:
            return file.read()

    def end(self):
        for process in self.agents.values():
            process.kill()
            process.wait()

    def mailbox(self, user):
        """The subjects of what lies in the INBOX."""
        found = []
        for part in ("new", "cur"):
            folder = f"{self.root}/mail/{DOMAIN}/{user}/{part}"
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                with open(f"{folder}/{name}", errors="replace") as file:
                    found += [line.split(": ", 1)[1].strip() for line in file if line.startswith("Subject: ")]
        return sorted(found)

    def exchange(self, mark):
        """A message that another server brings to port 25."""
        with smtplib.SMTP(self.address, 2525, timeout=20) as smtp:
            smtp.sendmail("eve@outside.test", f"bob@{DOMAIN}", f"From: eve@outside.test\r\nSubject: {mark}\r\n\r\n")

    def submit(self, mark):
        context = ssl._create_unverified_context()
        with smtplib.SMTP(self.address, 5587, timeout=20) as smtp:
            smtp.starttls(context=context)
            smtp.login(f"bob@{DOMAIN}", PASSWORD)
            smtp.sendmail(f"bob@{DOMAIN}", f"bob@{DOMAIN}", f"From: bob@{DOMAIN}\r\nSubject: {mark}\r\n\r\n")


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextlib.contextmanager
def two(programs, root):
    """(old, new): this process lives at the old one."""
    holder = subprocess.Popen(["unshare", "--net", "--uts", "sh", "-c", "hostname new.move.test && echo ready && exec sleep infinity"],
                              stdout=subprocess.PIPE)
    hosts = []
    try:
        holder.stdout.readline()
        enter = ["nsenter", "--target", str(holder.pid), "--net", "--uts"]
        for words in (f"ip link add cable type veth peer name cable netns {holder.pid}", "ip link set lo up",
                      f"ip address add {ADDRESSES['old']}/24 dev cable", "ip link set cable up", "hostname old.move.test"):
            subprocess.run(words.split(), check=True)
        for words in ("ip link set lo up", f"ip address add {ADDRESSES['new']}/24 dev cable", "ip link set cable up"):
            subprocess.run([*enter, *words.split()], check=True)
        hosts = [Host(programs, root, "old"), Host(programs, root, "new", enter)]
        yield hosts
    finally:
        for host in hosts:
            host.end()
        holder.kill()
        holder.wait()
