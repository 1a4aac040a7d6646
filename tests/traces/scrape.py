"""A real Prometheus scrapes the three agents, with the rules and the targets that deploy/monitoring.md names."""
import json
import os
import re
import subprocess
import tempfile
import urllib.error
import urllib.request

import packages
from ground import wait_for
from logs import need
from packages import tree
from world import die_with_parent

AT = "127.0.0.1:9090"


def check(ground, cases):
    cases.run("promtool accepts the figures of all three, the alert rules and the documented config", promtool)
    cases.run("Prometheus scrapes the three: each target is up, their figures are there, the rules are loaded", prometheus)


def page(where, path):
    with urllib.request.urlopen(f"http://{where}{path}", timeout=10) as answer:
        return answer.read().decode()


def write_config(folder):
    """The example of deploy/monitoring.md, with the rules where they are here."""
    with open(f"{packages.TOP}/deploy/monitoring.md") as file:
        example = re.search(r"```yaml\n(.*?)```", file.read(), re.DOTALL)[1]
    text = example.replace("/etc/prometheus/futar.rules.yml", f"{packages.TOP}/deploy/monitoring/futar.rules.yml")
    path = f"{folder}/prometheus.yml"
    with open(path, "w") as out:
        out.write("global: {scrape_interval: 1s, evaluation_interval: 1s}\n" + text)
    return path


def promtool():
    need("prometheus")
    tool = f"{tree('prometheus')}/usr/bin/promtool"
    for port in (9081, 9082, 9083):
        done = subprocess.run([tool, "check", "metrics"], input=page(f"127.0.0.1:{port}", "/metrics"), capture_output=True,
                              text=True)
        if done.returncode or done.stdout + done.stderr:
            raise AssertionError(f"{port}: {done.stdout}{done.stderr}")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([tool, "check", "config", write_config(folder)], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)


def prometheus():
    need("prometheus")
    with tempfile.TemporaryDirectory(prefix="futar-prometheus-") as folder:
        with open(f"{folder}/log", "w") as log:
            process = subprocess.Popen(
                [f"{tree('prometheus')}/usr/bin/prometheus", f"--config.file={write_config(folder)}", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address={AT}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
        try:
            return ask(folder)
        finally:
            process.terminate()
            process.wait()


def ask(folder):
    def question(path):
        try:
            return json.loads(page(AT, path))["data"]
        except (OSError, urllib.error.URLError):
            return None

    def targets():
        found = (question("/api/v1/targets") or {}).get("activeTargets", [])
        return found if len(found) == 3 and all(one["health"] == "up" for one in found) else None
    try:
        up = wait_for("three targets that are up", targets)
    except RuntimeError as error:
        with open(f"{folder}/log") as log:
            raise AssertionError(f"{error}\n{question('/api/v1/targets')}\n{log.read()[-2000:]}") from None

    def value(query):
        result = (question(f"/api/v1/query?query={urllib.request.quote(query)}") or {}).get("result")
        return float(result[0]["value"][1]) if result else None
    unaccounted = wait_for("futar_unaccounted of three", lambda: value("count(futar_unaccounted)") == 3 and value("sum(futar_unaccounted)") is not None)
    accepted = value("sum(futar_messages_accepted_total)")
    if not unaccounted or value("count(futar_build_info)") != 3 or accepted is None:
        raise AssertionError(f"{unaccounted} {accepted}")
    rules = [rule["name"] for group in question("/api/v1/rules")["groups"] for rule in group["rules"]]
    bad = [rule for group in question("/api/v1/rules")["groups"] for rule in group["rules"] if rule["health"] == "err"]
    if len(rules) < 8 or bad:
        raise AssertionError(f"{rules} {bad}")
    return f"{len(up)} targets, {len(rules)} rules, {accepted:.0f} messages accepted"
