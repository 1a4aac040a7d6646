"""The root folder of a run: mailboxes, state, logs, config, accounts, and the file of variables to source."""
import fcntl
import os
import secrets
import shlex
import shutil
import subprocess
import tempfile

import settings
from ports import HOST
from words import Failed

SOCKET_PATH_LIMIT = 107
LONGEST_SOCKET = len("/dovecot/login/login-12345678")
NAMES = ("alice", "bob", "carol", "dave", "eve", "frank", "grace", "heidi")
READABLE = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0 o, 1 l i: it is typed from the screen
CAPTURED = f"captured@{settings.DOMAIN}"


def password():
    """Like 7kd-qzm-2xw: 44 bits, easy to type."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(3)) for _ in range(3))


def addresses(count):
    names = [*NAMES[:count], *(f"user{number:04}" for number in range(len(NAMES) + 1, count + 1))]
    return [f"{name}@{settings.DOMAIN}" for name in names]


class Ground:
    def __init__(self, wanted_root, runner):
        self.runner = runner
        self.temporary = []  # folders that go at the end
        if wanted_root is None:
            self.root = tempfile.mkdtemp(prefix="futar-", dir="/tmp")
            self.temporary.append(self.root)
        else:
            self.root = os.path.abspath(wanted_root)
        self._folder("")
        os.chmod(self.root, 0o755)
        self._lock = self._locked()
        for name in ("log", "mail", "state"):
            self._folder(name)
        self.run_dir = self._run_dir()
        self.config = f"{self.root}/futar.toml"
        self.certificate = f"{self.root}/state/tls/self_signed.crt"  # `futar init` makes them
        self.key = f"{self.root}/state/tls/self_signed.key"

    def path(self, name):
        return f"{self.root}/{name}"

    def _folder(self, name):
        path = self.path(name) if name else self.root
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            self.runner.own(path)
        except OSError as error:
            raise Failed(f"{path}: {error.strerror}", 73) from error
        if not self.runner.can_execute(path):
            raise Failed(f"{path} cannot be reached by {self.runner.name}, who runs the agents; take another --root", 73)

    def _locked(self):
        lock = open(self.path(".lock"), "a")
        self.runner.own(lock.name)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"another front door runs in {self.root}", 75) from None
        return lock

    def _run_dir(self):
        """root/run, as a link to a short temporary folder where the path of a socket would get too long."""
        path = self.path("run")
        if os.path.islink(path):
            os.unlink(path)
        elif os.path.isdir(path):
            shutil.rmtree(path)  # pid files and sockets of an earlier run
        if len(path) + LONGEST_SOCKET <= SOCKET_PATH_LIMIT:
            os.mkdir(path, 0o700)
            self.runner.own(path)
            return path
        short = tempfile.mkdtemp(prefix="futar-", dir="/tmp")
        self.temporary.append(short)
        self.runner.own(short)
        os.symlink(short, path)
        self.runner.own(path)
        return short

    def programs(self, folder):
        """Where the runner can execute the programs: a copy when the checkout lies in a folder closed to them."""
        if self.runner.can_execute(f"{folder}/futar-msa"):
            return folder
        copy = tempfile.mkdtemp(prefix="futar-", dir="/tmp")
        self.temporary.append(copy)
        os.chmod(copy, 0o755)
        for name in ("futar-msa", "futar-mta", "futar-mda", "futar"):
            shutil.copy(f"{folder}/{name}", copy)
        return copy

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with open(descriptor, "w") as file:
            file.write(text)
        self.runner.own(path)

    def futar(self, programs, *words, input_text=None):
        """One verb of the operator's program, as the runner."""
        done = subprocess.run([f"{programs}/futar", "--config", self.config, *words], input=input_text, text=True,
                              stdin=None if input_text is not None else subprocess.DEVNULL, capture_output=True,
                              env=self.runner.environment(), cwd="/", **self.runner.identity())
        if done.returncode:
            raise Failed(f"futar {words[0]} {words[1]}: {(done.stderr or done.stdout).strip()}", done.returncode)
        return done.stdout

    def make_accounts(self, programs, options):
        """The domain, its accounts and the certificate, once a root; returns [(address, password)]."""
        known = self.known_accounts()
        if known:  # of an earlier run with the same --root
            return known
        accounts = [(address, options.password or password()) for address in addresses(options.accounts)]
        (first, first_word), *others = accounts
        # When root's COMMAND runs futar, the runner's Dovecot must still read what it publishes.
        readers = ["--dovecot-group", self.runner.group] if self.runner.group else []
        self.futar(programs, "init", settings.DOMAIN, "--user", first, "--password-file", "-", *readers,
                   input_text=first_word + "\n")
        for address, word in [*others, (CAPTURED, first_word)]:
            self.futar(programs, "user", "add", address, "--password-file", "-", input_text=word + "\n")
        if options.catch_all:
            self.futar(programs, "alias", "add", f"@{settings.DOMAIN}", first)
        self.write("accounts", "".join(f"{address} {word}\n" for address, word in accounts), 0o600)
        return accounts

    def known_accounts(self):
        try:
            with open(self.path("accounts")) as file:
                return [tuple(line.split()) for line in file]
        except FileNotFoundError:
            return []

    def configure(self, ports, own):
        sections = settings.sections(self.root, self.run_dir, ports, own)
        self.certificate = sections.get("tls", {}).get("certificate", self.certificate)
        self.key = sections.get("tls", {}).get("key", self.key)
        self.write("futar.toml", settings.toml(sections))

    def variables(self, programs, ports, accounts):
        (user, word), (user2, word2) = accounts[:2]
        return {
            "FUTAR_HOST": HOST, "FUTAR_DOMAIN": settings.DOMAIN, "FUTAR_ROOT": self.root, "FUTAR_BIN": programs,
            "FUTAR_CONFIG": self.config, **{f"FUTAR_{name}_PORT": str(port) for name, port in ports.items()},
            "FUTAR_USER": user, "FUTAR_PASSWORD": word, "FUTAR_USER2": user2, "FUTAR_PASSWORD2": word2,
            "FUTAR_CA": self.path("ca.pem"),
        }

    def write_env(self, variables):
        lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        self.write("env", "\n".join(lines) + '\nexport PATH="$FUTAR_BIN:$PATH"\n', 0o600)

    def hand_over(self):
        """What root's own commands made in here becomes the runner's."""
        if os.geteuid() == self.runner.uid:
            return
        for folder, folders, files in os.walk(self.root):
            for name in (*folders, *files):
                path = os.path.join(folder, name)
                if os.lstat(path).st_uid == 0:
                    self.runner.own(path)

    def remove(self, keep_root):
        for folder in self.temporary:
            if not (keep_root and folder == self.root):
                shutil.rmtree(folder, ignore_errors=True)
        link = self.path("run")
        if os.path.islink(link):
            os.unlink(link)
        self.hand_over()
