"""Dovecot's config from deploy/dovecot/dovecot.conf.in, and its process."""
import os
import re

from processes import Daemon


def fill(template, values):
    return re.sub(r"@([A-Z0-9]+)@", lambda name: str(values[name[1]]), template)


def daemon(checkout, ground, ports, runner):
    root, run_dir = ground.root, ground.run_dir
    values = {
        "BASE": f"{run_dir}/dovecot", "LOG": f"{root}/log/dovecot.log",
        "USER": runner.name, "GROUP": runner.group or runner.gid, "UID": runner.uid, "GID": runner.gid,
        "CERTIFICATE": ground.certificate, "KEY": ground.key,
        "PASSWD": f"{root}/state/published/dovecot.passwd", "MAILBOXES": f"{root}/mail",
        **{name: ports[name] for name in ("IMAP", "IMAPS", "POP3", "POP3S")},
    }
    config = f"{root}/dovecot.conf"
    with open(f"{checkout}/deploy/dovecot/dovecot.conf.in") as template, open(config, "w") as out:
        out.write(fill(template.read(), values))
    runner.own(config)
    os.makedirs(f"{run_dir}/dovecot", exist_ok=True)
    runner.own(f"{run_dir}/dovecot")
    # Debian installs it outside a user's PATH.
    return Daemon("dovecot", ["/usr/sbin/dovecot", "-F", "-c", config], runner, f"{root}/log/dovecot.log")
