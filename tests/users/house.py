"""A server as a package would set it up: users, groups, folders with their owners and modes, config, agents started by
root with --user, on the ports of the world."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

AGENTS = ("mta", "msa", "mda")
DOMAIN = "users.test"
PASSWORD = "7kd-qzm-2xw"
FIRST_ID = 64101
# Each has a group of its own name; "futar-" stands before all of these names.
USERS = ("msa", "mta", "mda", "operator", "dovecot", "stranger")
# The operator hands a file to the group that reads it, so is a member.
GROUPS = {"msa": ("operator",), "dovecot": ("operator",), "submission": ("msa",), "delivery": ("mda",),
          "tls": ("msa", "mta")}

CONFIG = """hostname = "mail.{domain}"
state_dir = "{root}/state"
run_dir = "{root}/run"
[mta]
remote = "hold"
[mda]
mailboxes = "{root}/mail"
[dns]
servers = []
[metrics]
msa = ""
mta = ""
mda = ""
"""


class User:
    def __init__(self, name, number):
        self.name, self.login, self.uid = name, f"futar-{name}", number
        self.groups = [number]

    def identity(self):
        """For subprocess."""
        return {"user": self.uid, "group": self.uid, "extra_groups": self.groups}

    def become(self):
        os.setgroups(self.groups)
        os.setgid(self.uid)
        os.setuid(self.uid)


class House:
    def __init__(self, programs, root):
        self.root, self.programs, self.agents, self.dovecot = root, f"{root}/bin", {}, None
        self.users = {name: User(name, FIRST_ID + at) for at, name in enumerate(USERS)}
        self.group_ids = {name: user.uid for name, user in self.users.items()}
        for name in GROUPS:
            self.group_ids.setdefault(name, FIRST_ID + len(self.group_ids))
        for name, members in GROUPS.items():
            for member in members:
                self.users[member].groups.append(self.group_ids[name])
        os.chmod(root, 0o755)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self._make_people_known()
        self._lay_out()
        subprocess.run(["cp", "-r", programs, self.programs], check=True)  # the checkout may be closed to them
        subprocess.run(["chmod", "-R", "a+rX", self.programs], check=True)

    def _make_people_known(self):
        """In these mounts alone /etc/passwd and /etc/group have our lines too."""
        passwd = [f"{user.login}:x:{user.uid}:{user.uid}::/nonexistent:/usr/sbin/nologin" for user in self.users.values()]
        group = [f"futar-{name}:x:{number}:{','.join(f'futar-{member}' for member in GROUPS.get(name, ()))}"
                 for name, number in self.group_ids.items()]
        for name, lines in (("passwd", passwd), ("group", group)):
            ours = f"{self.root}/{name}"
            with open(f"/etc/{name}") as known, open(ours, "w") as out:
                out.write(known.read() + "\n".join(lines) + "\n")
            os.chmod(ours, 0o644)
            subprocess.run(["mount", "--bind", ours, f"/etc/{name}"], check=True)

    def _folder(self, path, user=None, mode=0o755, group=None):
        full = f"{self.root}/{path}"
        os.mkdir(full)
        uid = self.users[user].uid if user else 0
        os.chown(full, uid, self.group_ids[group] if group else uid)
        os.chmod(full, mode)

    def _lay_out(self):
        """What an installer makes; the agents and `futar` make the rest."""
        for path in ("state", "run", "log"):
            self._folder(path)
        for agent in AGENTS:
            self._folder(f"state/{agent}", agent, 0o700)
            self._folder(f"run/{agent}", agent, 0o2750, "operator")
        self._folder("run/submission", "mta", 0o2750, "submission")
        self._folder("run/delivery", "mta", 0o2750, "delivery")
        self._folder("run/public", "msa")
        self._folder("state/directory", "operator", 0o700)
        self._folder("state/published", "operator")
        self._folder("state/tls", "operator", 0o2755, "tls")
        self._folder("mail", "mda")
        with open(f"{self.root}/futar.toml", "w") as out:
            out.write(CONFIG.format(root=self.root, domain=DOMAIN))
        os.chmod(f"{self.root}/futar.toml", 0o644)

    def futar(self, *words, who="operator", given=None, umask=0o077):
        """One verb of the operator's program; under a strict umask, as careful people have it."""
        return subprocess.run([f"{self.programs}/futar", "--config", f"{self.root}/futar.toml", "--yes", *words], input=given,
                              capture_output=True, text=True, timeout=60, cwd="/", umask=umask,
                              **self.users[who].identity())

    def start(self, agent):
        """By root, as a service manager without User= would."""
        with open(f"{self.root}/log/{agent}.log", "ab") as log:
            self.agents[agent] = subprocess.Popen(
                [f"{self.programs}/futar-{agent}", "--config", f"{self.root}/futar.toml", "--user", f"futar-{agent}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")

    def wait_ready(self, seconds=20):
        """Until each agent answers the operator."""
        until = time.monotonic() + seconds
        while True:
            done = self.futar("status", "--json")
            with contextlib.suppress(ValueError):
                if not json.loads(done.stdout).get("missing"):
                    return
            ended = [agent for agent, process in self.agents.items() if process.poll() is not None]
            if ended or time.monotonic() > until:
                sys.exit(f"FAIL users: agents do not get ready ({ended}): {done.stdout}{done.stderr}{self.log()}")
            time.sleep(0.02)

    def log(self):
        return "".join(open(f"{self.root}/log/{name}", errors="replace").read()[-2000:]
                       for name in sorted(os.listdir(f"{self.root}/log")))

    def mailbox(self, user, domain=DOMAIN):
        """The contents of the messages in the INBOX, read as root."""
        found = []
        for part in ("new", "cur"):
            folder = f"{self.root}/mail/{domain}/{user}/{part}"
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                with open(f"{folder}/{name}", "rb") as file:
                    found.append(file.read())
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (*self.agents.values(), self.dovecot):
            if process and process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
