"""Futár on the disk under test."""
import contextlib
import os
import shutil

from postfix_side import USERS, source_environment
from world import World

DOMAIN = "bench.test"


class FutarSide:
    name, domain = "futar", DOMAIN

    def __init__(self, programs, folder, packages):
        """Makes the accounts once, below `folder`; each run starts from a copy."""
        self.programs, self.template = programs, f"{folder}/template"
        World(programs, self.template, DOMAIN).people(USERS)
        self.source = [f"{packages}/usr/sbin/smtp-source"]
        self.source_environment = source_environment(packages)

    @contextlib.contextmanager
    def on(self, root):
        self.world = World(self.programs, f"{root}/futar", DOMAIN)
        shutil.copytree(f"{self.template}/disk", self.world.disk, dirs_exist_ok=True)
        self.world.start()
        try:
            self.port = self.world.mx_port
            self.processes = [agent.process.pid for agent in self.world.agents.values()]
            self.folders = [f"{self.world.mailboxes}/{DOMAIN}/{user}/new" for user in USERS]
            for folder in self.folders:
                os.makedirs(folder, 0o700, exist_ok=True)
            yield self
        finally:
            self.world.stop()
