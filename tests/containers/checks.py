"""What the stack has to show."""
import secrets
import smtplib
import threading
import time

from client import PASSWORD, SENDER, USERS, letter
from engine import Failed
from stack import DOMAIN, PORTS, SERVICES

GATEWAY = "198.51.100.1"
CALM_S = 3  # of load between two blows


def all_of(stack, tally):
    comes_up(stack, tally)
    for part in (is_confined, mail_goes_in_and_out, gateway_is_not_trusted, balancer_names_the_client, is_backed_up,
                 nothing_is_lost, comes_back):
        began, before = time.monotonic(), tally.passed
        try:
            part(stack, tally)
        except (OSError, smtplib.SMTPException) as error:
            tally.check(False, f"{part.__name__}: {error!r}")
        print(f"{part.__name__}: {tally.passed - before} passed in {time.monotonic() - began:.0f} s", flush=True)


def word():
    return "w" + secrets.token_hex(6)


def told(stack, service):
    return f"{service}:\n{stack.logs(service)[-1500:]}"


def comes_up(stack, tally):
    """As README.md says; then accounts by a file and by the operator's program."""
    up = stack.compose("up", "-d", "--no-build", check=False)
    init = stack.compose("logs", "--no-color", "init").stdout
    if not tally.check(up.returncode == 0, f"docker-compose up: {up.stderr[-800:]}\n{init}"):
        raise Failed("the stack does not come up")
    tally.check("password: " in init, f"init tells no password: {init}")
    tally.check(stack.wait_healthy(), "not healthy: " + "\n".join(told(stack, service) for service in SERVICES))
    for user in ("sender", *USERS):
        given = stack.engine.docker("exec", "-i", stack.id("futar"), "futar", "user", "add", f"{user}@{DOMAIN}",
                                    "--password-file", "-", given=PASSWORD + "\n", check=False)
        tally.check(given.returncode == 0, f"user add: {given.stdout}{given.stderr}")
    accounts = stack.folder / "deploy/compose/accounts"
    (accounts / "more.json").write_text(f'{{"aliases":[{{"alias":"all@{DOMAIN}","targets":["anna@{DOMAIN}"]}}]}}')
    (accounts / "passwd").write_text(f"dora@{DOMAIN}:{{MD5-CRYPT}}$1$abcdefgh$ZmRvvRSM4wGgJVlOEl8sY0\n")  # too weak
    keys = stack.exec("futar", "sh", "-c", "cat /var/lib/futar/tls/link/*").stdout
    again = stack.compose("up", "--no-build", "--force-recreate", "--no-deps", "init")
    tally.check(f"add alias all@{DOMAIN}" in again.stdout, f"accounts/ was not taken in: {again.stdout}")
    tally.check(stack.state("init")["ExitCode"] == 0, f"a line that is not taken ends init: {again.stdout}")
    tally.check("password: " not in again.stdout, "init made a second password")
    tally.check(keys and keys == stack.exec("futar", "sh", "-c", "cat /var/lib/futar/tls/link/*").stdout,
                "init made other keys")


def is_confined(stack, tally):
    """No root, no capability, a root folder that cannot be written; secrets of one agent are closed to the others."""
    for service in (*SERVICES, "futar"):
        uid = stack.exec(service, "id", "-u").stdout.strip()
        tally.check(uid not in ("", "0"), f"{service} runs as uid {uid}")
        caps = stack.exec(service, "grep", "CapEff", "/proc/1/status").stdout.split()
        tally.check(caps[-1:] == ["0000000000000000"], f"{service} has capabilities {caps}")
        wrote = stack.exec(service, "sh", "-c", "echo x >/usr/bin/x || echo x >/etc/x || echo x >/x")
        tally.check(wrote.returncode != 0 and "Read-only" in wrote.stderr, f"{service} writes to /: {wrote.stderr}")
    for service, path in (("mta", "/var/lib/futar/published/credentials.db"), ("mta", "/var/lib/futar/tls/link/msa.secret"),
                          ("mda", "/var/lib/futar/tls/link/mta.secret"), ("msa", "/var/lib/futar/published/dovecot.passwd")):
        opened = stack.exec(service, "cat", path)
        tally.check("Permission denied" in opened.stderr, f"{service} opens {path}: {opened.stderr}")
    for service in ("msa", "mta", "mda"):
        tally.check(f"futar-{service}" in stack.logs(service), f"{service} logs nothing to its output")


def mail_goes_in_and_out(stack, tally):
    for port in ("587", "465"):
        subject = word()
        sent = stack.client("submit", port, subject)
        tally.check(sent == {"ok": True}, f"submission by {port}: {sent}")
        texts = stack.client("fetch", "anna", subject).get("texts", [])
        tally.check(len(texts) == 1 and "Hello." in texts[0], f"by {port}, over IMAP: {texts}")
    relayed = stack.client("relay")
    tally.check(relayed == {"code": 250}, f"another container is in mta.relay_networks: {relayed}")
    status = stack.futar("status")
    tally.check(status.returncode == 0 and "all is well" in status.stdout, f"futar status: {status.stdout}{status.stderr}")


def gateway_is_not_trusted(stack, tally):
    """The published port's proxy makes each client the gateway, which lies in mta.relay_networks."""
    subject = word()
    with smtplib.SMTP("127.0.0.1", PORTS["SMTP"], timeout=60) as session:
        session.ehlo()
        session.mail("eve@strangers.test")
        code, text = session.rcpt("else@where.test")
        tally.check(code == 550, f"the gateway may relay: {code} {text}")
        session.rset()
        session.sendmail("eve@strangers.test", [f"bela@{DOMAIN}"], letter(subject, "eve@strangers.test", f"bela@{DOMAIN}"))
    found = "".join(stack.client("fetch", "bela", subject).get("texts", []))
    unfolded = " ".join(found.split())
    tally.check("spf=none" in found and f"an address hidden by the container's gateway {GATEWAY}" in unfolded and "iprev" not in found,
                f"verdict on the gateway: {found}")
    trace = stack.futar("trace", f"bela@{DOMAIN}", "--last", "5m")
    tally.check(f"address hidden by the container's gateway {GATEWAY}" in trace.stdout, f"trace: {trace.stdout}{trace.stderr}")
    status = stack.futar("status")
    tally.check(status.returncode == 1 and f"came from {GATEWAY}, the gateway" in status.stdout, f"futar status: {status.stdout}")
    warnings = stack.logs("mta").count("which hides who they are")
    tally.check(warnings == 1, f"{warnings} warnings of the gateway")
    for command in (["config", "check"], None):
        alone = stack.compose("run", "--rm", "--no-deps", "-T", "-e", f"FUTAR__MTA__RELAY_NETWORKS={GATEWAY}", *(
            ["futar", "futar", *command] if command else ["mta"]), check=False)
        tally.check(alone.returncode == 78 and f"{GATEWAY} is the gateway of this container" in alone.stdout + alone.stderr,
                    f"relay_networks of the gateway alone: {alone.returncode} {alone.stdout}{alone.stderr}")


def balancer_names_the_client(stack, tally):
    subject = word()
    sent = stack.client("balance", subject, service="balancer")
    tally.check(sent == {"ok": True}, f"through the balancer: {sent}")
    found = "".join(stack.client("fetch", "bela", subject).get("texts", []))
    tally.check("[203.0.113.9]" in found and "spf=pass" in found, f"the client of the PROXY header: {found}")
    silent = stack.client("balance-silently", service="balancer")
    tally.check(silent == {"answer": ""}, f"a balancer without its header: {silent}")


def is_backed_up(stack, tally):
    """As README.md says; the copy of all volumes is whole."""
    for act in ("create", "check"):
        done = stack.compose("run", "--rm", "-T", "backup", "futar", "backup", act, "/backup/monday", check=False)
        tally.check(done.returncode == 0, f"futar backup {act}: status {done.returncode}: {done.stdout[-800:]}{done.stderr[-800:]}")
    made = stack.folder / "deploy/compose/backup/monday"
    tally.check((made / "manifest").exists() and (made / "outside").exists(), f"not in the backup: {list(made.glob('*'))}")


def nothing_is_lost(stack, tally):
    """Each service in turn is restarted, killed, and asked to restart, while letters come in."""
    answer = {}
    load = threading.Thread(target=lambda: answer.update(stack.client("load", seconds=600)))
    load.start()
    for service in SERVICES:
        for blow in (lambda: stack.compose("restart", "-t", "20", service), lambda: stack.kill(service)):
            time.sleep(CALM_S)
            before = stack.state(service)["StartedAt"]
            blow()
            tally.check(stack.wait_healthy([service]) and stack.state(service)["StartedAt"] != before,
                        f"not back: {told(stack, service)}")
    for agent in ("mda", "mta", "msa"):
        time.sleep(CALM_S)
        before = stack.state(agent)["StartedAt"]
        asked = stack.futar("restart", agent)
        tally.check(asked.returncode == 0 and started_anew(stack, agent, before) and stack.wait_healthy([agent]),
                    f"futar restart {agent}: {asked.stdout}{asked.stderr}{told(stack, agent)}")
    time.sleep(CALM_S)
    stack.exec("client", "touch", "/tmp/stop")
    load.join()
    tally.check(answer.get("ended") and answer.get("acked", 0) > 50, f"load: {answer}")
    tally.passed += answer.get("passed", 0)
    tally.failures += answer.get("failures", [])
    tally.notes["letters acknowledged"] += answer.get("acked", 0)
    tally.notes["connections broken"] += answer.get("breaks", 0)
    tally.notes.update(answer.get("notes", {}))
    audit = stack.futar("audit")
    tally.check(audit.returncode == 0, f"futar audit: {audit.stdout}{audit.stderr}")


def comes_back(stack, tally):
    """As README.md says: everything is gone, and the backup is put back on new volumes."""
    kept, later = word(), word()
    tally.check(stack.client("submit", "587", kept) == {"ok": True}, "submission before the backup")
    tally.check(len(stack.client("fetch", "anna", kept).get("texts", [])) == 1, "the letter before the backup")
    keys = stack.exec("futar", "sh", "-c", "cat /var/lib/futar/tls/link/*").stdout
    made = stack.compose("run", "--rm", "-T", "backup", "futar", "backup", "create", "/backup/tuesday", check=False)
    tally.check(made.returncode == 0, f"futar backup create: {made.stdout[-800:]}{made.stderr[-800:]}")
    stack.compose("down", "--volumes", "--timeout", "20")
    restored = stack.compose("run", "--rm", "--no-deps", "-T", "backup", "futar", "backup", "restore", "/backup/tuesday", check=False)
    tally.check(restored.returncode == 0, f"futar backup restore: {restored.stdout[-1500:]}{restored.stderr[-800:]}")
    up = stack.compose("up", "-d", "--no-build", check=False)
    tally.check(up.returncode == 0 and stack.wait_healthy(), "not healthy: " + "\n".join(told(stack, service) for service in SERVICES))
    tally.check("password: " not in stack.logs("init"), "init made a new account over the restored ones")
    tally.check(keys and keys == stack.exec("futar", "sh", "-c", "cat /var/lib/futar/tls/link/*").stdout, "other keys of the links")
    texts = stack.client("fetch", "anna", kept).get("texts", [])
    tally.check(len(texts) == 1, f"the letter of before, over IMAP: {texts}")
    released = stack.futar("release", "--reason", "restored from backup")
    tally.check(released.returncode == 0, f"futar release: {released.stdout}{released.stderr}")
    tally.check(stack.client("submit", "465", later) == {"ok": True}, "submission after the restore")
    texts = stack.client("fetch", "anna", later).get("texts", [])
    tally.check(len(texts) == 1, f"a new letter, over IMAP: {texts}")
    audit = stack.futar("audit")
    tally.check(audit.returncode == 0, f"futar audit: {audit.stdout}{audit.stderr}")


def started_anew(stack, service, before, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        state = stack.state(service)
        if state["Running"] and state["StartedAt"] != before:
            return True
        time.sleep(0.2)
    return False
