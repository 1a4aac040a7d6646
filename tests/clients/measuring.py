"""What the three agents tell Prometheus: figures that promtool accepts and that move with the mail; health; the alerts."""
import os
import re
import shutil
import socket
import time
import urllib.error
import urllib.request

from harness import (ALICE, BOB, DOMAIN, HOST, Skip, TOP, Wire, arrives, case, check, exchange, message, port, program,
                     send, submission, token)

OPTIONS = []
AGENTS = ("msa", "mta", "mda")
SAMPLE = re.compile(r"^([a-z_]+)\{([^}]*)\} (\S+)$")


def page(agent, path="/metrics"):
    """Status and text."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port(agent.upper() + '_METRICS')}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def figures(agent):
    """{"name{labels}": value}, without the label agent."""
    status, text = page(agent)
    check(status == 200, f"{status} {text}")
    told = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        found = SAMPLE.match(line)
        check(found, f"no sample: {line}")
        labels = found[2].split(",")
        check(labels.pop(0) == f'agent="{agent}"', line)
        told[found[1] + ("{" + ",".join(labels) + "}" if labels else "")] = float(found[3])
    return told


def until(agent, name, value):
    """Waits until a figure has at least this value."""
    for _ in range(200):
        if (now := figures(agent).get(name, -1)) >= value:
            return
        time.sleep(0.05)
    raise AssertionError(f"{agent}: {name} is {now}, not {value}")


def promtool(*words, text=None):
    tool = shutil.which("promtool", path=f"{os.environ['PATH']}:{TOP}/build/world/prometheus/usr/bin")
    if not tool:
        raise Skip("promtool is not here (Debian: prometheus; tests/traces unpacks it)")
    status, said = program(tool, *words, text=text)
    check(status == 0 and not said.strip().startswith("futar_"), f"promtool {' '.join(words)}: {status} {said}")


@case("the figures move with the mail: accepted, delivered, refused, times, sessions and links")
def _():
    before = {agent: figures(agent) for agent in AGENTS}
    word = token()
    code, text = send(submission(), message(word))
    check(code == 250, f"{code} {text}")
    arrives(BOB, word)
    wire = Wire()
    for command in ("EHLO client.example", "MAIL FROM:<eve@elsewhere.example>", f"RCPT TO:<nobody@{DOMAIN}>", "QUIT"):
        wire.ask(command)
    for agent, name in (("mta", "futar_messages_accepted_total"), ("mta", 'futar_attempts_total{outcome="delivered"}'),
                        ("mta", 'futar_refusals_total{code="550"}'), ("mta", "futar_delivery_seconds_count"),
                        ("mta", 'futar_delivery_seconds_bucket{le="+Inf"}'), ("msa", "futar_commit_seconds_count"),
                        ("msa", 'futar_sessions_ended_total{tls="yes"}'), ("mta", 'futar_sessions_ended_total{tls="no"}'),
                        ("mta", "futar_store_jobs_total"), ("mda", 'futar_deliveries_total{outcome="delivered"}')):
        until(agent, name, before[agent].get(name, 0) + 1)
    now = {agent: figures(agent) for agent in AGENTS}
    check(all(now["mta"][f'futar_link_up{{peer="{peer}"}}'] == 1 for peer in ("msa", "mda")), "links")
    check(now["mta"]["futar_disk_free_bytes"] > 0 and now["msa"]["futar_spool_messages"] == 0, "disk, spool")
    check(now["mta"]['futar_queue_recipients{state="waiting",for="mda"}'] == 0, "queue")
    for agent in AGENTS:
        until(agent, "futar_unaccounted", 0)
    until("mta", "futar_audit_time_seconds", 1)
    check(figures("mta")["futar_unaccounted"] == 0 and figures("msa")["futar_unaccounted"] == 0, "unaccounted")


@case("no figure names an address, a domain or a client")
def _():
    for agent in AGENTS:
        text = page(agent)[1]
        for private in (ALICE, BOB, DOMAIN, "elsewhere.example", HOST):
            check(private not in text, f"{agent} tells {private}")


@case("health and readiness are told, and nothing else is answered")
def _():
    for agent in AGENTS:
        check(page(agent, "/healthz") == (200, "ok\n"), f"{agent} health")
        check(page(agent, "/readyz") == (200, "ready\n"), f"{agent} readiness")
        check(page(agent, "/")[0] == 404 and page(agent, "/../etc/passwd")[0] == 404, f"{agent} other paths")


@case("many connections that say nothing do not keep mail or the next scrape away")
def _():
    silent = [socket.create_connection((HOST, port("MTA_METRICS")), 5) for _ in range(40)]
    word = token()
    code, text = send(exchange(), message(word, sender="eve@elsewhere.example"), sender="eve@elsewhere.example")
    check(code == 250, f"{code} {text}")
    arrives(BOB, word)
    for _ in range(100):
        try:
            if page("mta")[0] == 200:
                break
        except OSError:
            pass
        time.sleep(0.1)
    else:
        raise AssertionError("no scrape within 10 s")
    for connection in silent:
        connection.close()


@case("promtool accepts the figures of all three")
def _():
    for agent in AGENTS:
        promtool("check", "metrics", text=page(agent)[1].encode())


@case("promtool accepts the alert rules, and each figure that they name is told")
def _():
    rules = TOP / "deploy" / "monitoring" / "futar.rules.yml"
    told = {name.split("{")[0] for agent in AGENTS for name in figures(agent)}
    named = set(re.findall(r"\bfutar_[a-z_]+", "\n".join(re.findall(r"expr: (.*)", rules.read_text()))))
    with_dns = {"futar_egress_problems"}  # mta looks at its own mail only where it may ask the DNS
    check(len(named) >= 8 and named - with_dns <= told, f"not told: {named - told}")
    guide = (TOP / "deploy" / "monitoring.md").read_text()
    missed = {name for name in told if re.sub("_(bucket|sum|count)$", "", name) not in guide}
    check(not missed, f"deploy/monitoring.md misses {missed}")
    promtool("check", "rules", str(rules))
