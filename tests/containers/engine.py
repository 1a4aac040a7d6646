"""A Docker engine of our own: its folders and socket are ours, it changes no firewall and forwards nothing."""
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/bare"))
import machine  # noqa: E402

STORE = (TOP / "build/containers").resolve()  # runc takes no folder behind a symbolic link
BASE = "futar-test-base"
NEEDED = ("dockerd", "docker", "docker-compose", "debootstrap", "unshare", "nsenter")
QUIET = ("--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false", "--bridge=none")
# With processes and mounts of its own: when it ends, however it ends, nothing of it is left.
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
START_S, STOP_S = 40, 60
Unable = machine.Unable


class Failed(Exception):
    """A command of the engine that must not fail has failed."""


class Engine:
    """Images stay in build/containers for the next run; all else goes at the end."""

    def __enter__(self):
        if os.geteuid() != 0:
            raise Unable("only root can start an engine")
        if missing := [program for program in NEEDED if not shutil.which(program)]:
            raise Unable(f"needs {' '.join(missing)}")
        STORE.mkdir(parents=True, exist_ok=True)
        self.lock = open(STORE / "lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.folder = tempfile.mkdtemp(prefix="futar-engine-")
        self.log = f"{self.folder}/log"
        self.host = f"unix://{self.folder}/sock"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*APART, "dockerd", "--data-root", str(STORE / "data"), "--exec-root", f"{self.folder}/exec", "--pidfile",
                 f"{self.folder}/pid", "-H", self.host, *QUIET], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + START_S
        while self.docker("version", check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > until:
                words = Path(self.log).read_text(errors="replace").splitlines()[-3:]
                self.__exit__()
                raise Unable("no engine starts here: " + " | ".join(words))
            time.sleep(0.2)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            try:
                os.kill(self.pid(), signal.SIGTERM)
                self.process.wait(STOP_S)
            except (subprocess.TimeoutExpired, OSError, IndexError):
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()

    def pid(self):
        """Of the engine itself, the first process in its own numbers."""
        return int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])

    def kill(self, pid):
        """SIGKILL to a process by the number that the engine tells."""
        subprocess.run(["nsenter", "--target", str(self.pid()), "--pid", "--mount", "kill", "-KILL", str(pid)], check=True)

    def environment(self):
        return os.environ | {"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0"}

    def docker(self, *words, check=True, seconds=120, given=None):
        done = subprocess.run(["docker", *words], input=given, capture_output=True, text=True, errors="replace",
                              timeout=seconds, env=self.environment())
        if check and done.returncode != 0:
            raise Failed(f"docker {' '.join(words)}: status {done.returncode}: {(done.stdout + done.stderr)[-1500:]}")
        return done

    def import_folder(self, folder, name, *paths):
        """A folder, or some paths in it, as an image."""
        tar = subprocess.Popen(["tar", "-C", str(folder), "--one-file-system", "-c", *(paths or ["."])], stdout=subprocess.PIPE)
        done = subprocess.run(["docker", "import", "-", name], stdin=tar.stdout, capture_output=True, text=True,
                              env=self.environment())
        tar.stdout.close()
        if tar.wait() != 0 or done.returncode != 0:
            raise Failed(f"docker import {name}: {done.stderr}")

    def import_base(self):
        """The bare Debian of tests/bare stands in for debian:bookworm-slim."""
        machine.make_base()
        if self.docker("image", "inspect", BASE, check=False).returncode != 0:
            self.import_folder(machine.BASE, BASE)

    def build(self, file, context, name, *words, seconds=600):
        self.docker("build", "--network", "host", "--build-arg", f"BASE={BASE}", "-f", str(file), "-t", name, *words,
                    str(context), seconds=seconds)
