"""Futár on its own host of the world: the agents of tests/lib/world.py, but at port 25 of a public address, asking the
world's DNS, and sending out."""
import json
import os

from hosts import OUR_ADDRESS, OUR_ADDRESS6, PRIVATE
from world import AGENTS, Agent, World

DOMAIN, ALICE, BOB = "futar.test", "alice@futar.test", "bob@futar.test"
PASSWORD = "7kd-qzm-2xw"
CONFIG = """hostname = "mx.futar.test"
state_dir = "{root}/disk/state"
run_dir = "{root}/run"
[mta]
listen = ["{address}:25", "[{address6}]:25"]
remote = "{remote}"
sessions_per_client = 0
retry_first = "{retry}"
retry_max = "{retry}"
{mta}
[msa]
listen = ["127.0.0.1:{submission}/starttls", "127.0.0.1:{submissions}/implicit"]
sessions_per_client = 0
limit_hour = 0
limit_day = 0
[mda]
mailboxes = "{root}/disk/mail"
[dns]
servers = ["{dns}@53"]
anchor = "{anchor}"
timeout = "3s"
[tls]
certificate = "{chain}"
key = "{key}"
trusted = "{ca}"
[metrics]
msa = ""
mta = "127.0.0.1:9082"
mda = ""
"""


class Ours(World):
    """`mta` are further lines of its section."""

    def __init__(self, internet, programs, name="futar", remote="direct", retry="2s", mta=""):
        root = f"{os.environ[PRIVATE]}/{name}"
        super().__init__(programs, root, DOMAIN)
        os.chmod(root, 0o700)
        with open(self.config, "w") as out:
            out.write(CONFIG.format(
                root=root, address=OUR_ADDRESS, address6=OUR_ADDRESS6, remote=remote, retry=retry, mta=mta, dns=internet.dns,
                submission=self.submission_port, submissions=self.submissions_port, anchor=internet.anchor,
                chain=internet.certificate.chain, key=internet.certificate.key, ca=internet.ca.certificate))
        self.agents = {name: Agent(self, name) for name in AGENTS}
        document = {"domains": [DOMAIN], "accounts": [{"address": BOB}, {"address": f"captured@{DOMAIN}"}], "aliases": []}
        self.futar("directory", "import", "/dev/stdin", given=json.dumps(document))
        self.futar("user", "add", ALICE, "--password-file", "-", given=PASSWORD + "\n")
