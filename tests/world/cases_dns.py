"""The records of our domain: what futar dns asks for, and what it finds in the signed DNS of the world."""
import json
import subprocess

from cases import case, check


def told(world, *words):
    """(exit status, {"TYPE name": record}) of futar dns."""
    done = world.ours.futar("dns", "futar.test", "--json", *words, check=False)
    check(done.stdout, done.stderr)
    return done.returncode, {f"{record['type']} {record['name']}": record for record in json.loads(done.stdout)["records"]}


@case("futar dns --check finds MX, addresses and TLSA, and that SPF is missing, which is required")
def _(world):
    status, records = told(world, "--check")
    states = {name: record["state"] for name, record in records.items()}
    for name in ("MX futar.test", "A mx.futar.test", "AAAA mx.futar.test", "TLSA _25._tcp.mx.futar.test"):
        check(states.get(name) == "ok", f"{name}: {states}")
    for name in ("TXT futar.test", "TXT _dmarc.futar.test"):
        check(states.get(name) == "missing", f"{name}: {states}")
    check(status == 1, f"status {status}")


@case("the zone that futar dns prints is one that a name server takes")
def _(world):
    zone = world.ours.futar("dns", "futar.test", "--zone", "--sts-policy").stdout
    server = world.internet.names_host
    server.put("/tmp/futar.zone", "futar.test. 300 IN SOA ns.test. nobody.test. 1 3600 600 864000 5\n"
               "futar.test. 300 IN NS ns.test.\n" + zone)
    server.run("nsd-checkzone", "futar.test", "/tmp/futar.zone")


def with_config(world, changes, *words):
    """Runs futar dns with another config: `changes` is what stands there -> what shall."""
    with open(world.ours.config) as file:
        text = file.read()
    for old, new in changes.items():
        check(old in text, f"the config has no {old}")
        text = text.replace(old, new)
    with open(f"{world.ours.config}.other", "w") as file:
        file.write(text)
    return subprocess.run([f"{world.ours.programs}/futar", "--config", f"{world.ours.config}.other", "dns", "futar.test", *words],
                          capture_output=True, text=True, timeout=120)


@case("TLSA is not asked for where the zone of the host is not signed")
def _(world):
    check("TLSA" in with_config(world, {}).stdout, "no TLSA in a signed zone")
    told = with_config(world, {'"mx.futar.test"': '"mx.d0001.alive.test"'}).stdout
    check("mx.d0001.alive.test" in told and "TLSA" not in told, told)


@case("a DNS that does not answer is told by the status 75")
def _(world):
    done = with_config(world, {f'"{world.internet.dns}@53"': '"198.51.100.99@53"', '"3s"': '"1s"'}, "--check")
    check(done.returncode == 75, f"status {done.returncode}: {done.stdout}{done.stderr}")
