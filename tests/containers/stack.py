"""The compose stack of deploy/compose as one project of an engine."""
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from engine import TOP, Failed

SERVICES = ("msa", "mta", "mda", "dovecot")
HERE = Path(__file__).resolve().parent
COMPOSE = TOP / "deploy/compose"
DOMAIN, HOSTNAME = "containers.test", "mail.containers.test"
PORTS = {"SMTP": 21025, "SUBMISSION": 21587, "SUBMISSIONS": 21465, "IMAPS": 21993, "POP3S": 21995}


class Stack:
    def __init__(self, engine):
        self.engine = engine

    def __enter__(self):
        # A copy, so that its accounts/ and .env are the test's.
        self.folder = Path(tempfile.mkdtemp(prefix="futar-stack-"))
        shutil.copytree(COMPOSE, self.folder / "deploy/compose")
        for part in ("lib", "containers"):
            shutil.copytree(TOP / "tests" / part, self.folder / "tests" / part, ignore=shutil.ignore_patterns("__pycache__"))
        os.chmod(self.folder, 0o755)
        ports = "".join(f"PUBLISH_{name}=127.0.0.1:{port}\n" for name, port in PORTS.items())
        (self.folder / "deploy/compose/.env").write_text(f"FUTAR_HOSTNAME={HOSTNAME}\nFUTAR_DOMAIN={DOMAIN}\n{ports}")
        self.compose("down", "--volumes", "--timeout", "5")  # what a killed test has left
        return self

    def __exit__(self, *_):
        self.compose("down", "--volumes", "--timeout", "5", check=False)
        shutil.rmtree(self.folder)

    def compose(self, *words, check=True, seconds=240):
        files = ["-f", "compose.yaml", "-f", str(self.folder / "tests/containers/compose.test.yaml")]
        done = subprocess.run(["docker-compose", "-p", "futar-test", *files, *words], cwd=self.folder / "deploy/compose",
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds,
                              env=self.engine.environment())
        if check and done.returncode != 0:
            raise Failed(f"docker-compose {' '.join(words)}: status {done.returncode}: {(done.stdout + done.stderr)[-3000:]}")
        return done

    def id(self, service):
        return self.compose("ps", "-q", service).stdout.strip()

    def state(self, service):
        return json.loads(self.engine.docker("inspect", "-f", "{{json .State}}", self.id(service)).stdout)

    def exec(self, service, *words, check=False, seconds=120):
        return self.engine.docker("exec", self.id(service), *words, check=check, seconds=seconds)

    def futar(self, *words):
        """The operator's program, as README.md says to call it."""
        return self.compose("exec", "-T", "futar", "futar", *words, check=False)

    def client(self, *words, service="client", seconds=180):
        """A verb of client.py in its container; its answer, or {"error": ...}."""
        done = self.exec(service, "python3", "-B", "/tests/containers/client.py", *words, seconds=seconds)
        try:
            return json.loads(done.stdout.splitlines()[-1])
        except (ValueError, IndexError):
            return {"error": (done.stdout + done.stderr)[-1500:]}

    def is_healthy(self, service):
        """Asks as the health check of compose.yaml does, now."""
        test = json.loads(self.engine.docker("inspect", "-f", "{{json .Config.Healthcheck.Test}}", self.id(service)).stdout)
        return self.exec(service, *test[1:]).returncode == 0

    def wait_healthy(self, services=SERVICES, seconds=60):
        until, waits = time.monotonic() + seconds, list(services)
        while waits and time.monotonic() < until:
            waits = [service for service in waits if not self.is_healthy(service)]
            time.sleep(0.2)
        return not waits

    def logs(self, service):
        done = self.engine.docker("logs", self.id(service), check=False)
        return done.stdout + done.stderr

    def kill(self, service):
        """SIGKILL to the first process of its container, as a fault would be: the restart policy starts it again."""
        self.engine.kill(self.state(service)["Pid"])
