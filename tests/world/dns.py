"""The names of the world: an authoritative server (nsd) for a signed root of our own and all below, and a validating
resolver (unbound), which the others ask. Ours asks nsd and validates itself."""
import re
import time

from destinations import DESTINATIONS, MANY
from hosts import OUR_ADDRESS, OUR_ADDRESS6, RESOLVER, TEST_ADDRESS, write

SERVER = "198.51.100.53"
OUR_KEYS = "_domainkey.futar.test."  # a zone of its own, which tests change (replace())
LIST_KEYS = "_domainkey.lists.test."  # so is this: of a mailing list that seals
OUR_SECOND = "second.test."  # and this: another domain of ours
PACKAGES = ("nsd", "ldnsutils", "unbound", "unbound-host")
ADDRESSES = {  # of hosts with one name; IPv6 beside IPv4 where they have both
    "mx.futar.test": (OUR_ADDRESS, OUR_ADDRESS6), "ns.test": (SERVER,), "resolver.test": (RESOLVER,),
    "mx.postfix.test": ("198.51.100.20", "2001:db8::20"), "mx.plain.postfix.test": ("198.51.100.21",),
    "mx.exim.test": ("198.51.100.30", "2001:db8::30"), "mx.plain.exim.test": ("198.51.100.31",),
    "mx.smtpd.test": ("198.51.100.40", "2001:db8::40"), "mx.plain.smtpd.test": ("198.51.100.41",),
    "mx.sink.test": ("198.51.100.60",), "smart.test": ("198.51.100.70",), "web.test": ("198.51.100.80",),
    "mx.deadhost.test": ("198.51.100.99",),  # nobody lives there
}
NSD = f"""server:
  ip-address: {SERVER}
  username: ""
  chroot: ""
  zonesdir: /zones
  database: ""
  pidfile: /run/nsd.pid
  xfrdfile: /var/tmp/xfrd.state
  zonelistfile: /var/tmp/zone.list
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  hide-version: yes
remote-control:
  control-enable: yes
  control-interface: /run/nsd.control
"""
UNBOUND = f"""server:
  interface: {RESOLVER}
  access-control: 0.0.0.0/0 allow
  username: ""
  chroot: ""
  directory: /zones
  use-syslog: no
  do-daemonize: no
  pidfile: /run/unbound.pid
  trust-anchor-file: /zones/anchor
  module-config: "validator iterator"
  unblock-lan-zones: yes
  insecure-lan-zones: no
  local-zone: "test." nodefault
  do-ip6: no
  infra-host-ttl: 2
stub-zone:
  name: "."
  stub-addr: {SERVER}
"""
SIGN = """set -e
cd /zones
sign() { # ZONE FILE PARENT'S FILE
  key=$(ldns-keygen -a ECDSAP256SHA256 -k "$1")
  ldns-signzone -f "$2.signed" "$2" "$key"
  cat "$key.ds" >> "${3:-anchor}"
}
"""


VERDICTS = {  # who may send for a domain, and what becomes of the rest; the test's own address is TEST_ADDRESS
    "bank.test": ("v=spf1 ip4:198.51.100.20 -all", "v=DMARC1; p=reject"),
    "shop.test": ("v=spf1 -all", "v=DMARC1; p=quarantine"),
    "good.test": (f"v=spf1 ip4:{TEST_ADDRESS} -all", "v=DMARC1; p=reject"),
    "strict.test": ("v=spf1 -all", ""),
    "open.test": ("v=spf1 -all", "v=DMARC1; p=none"),
    "late.test": ("v=spf1 -all", "v=DMARC1; p=reject"),  # asked for while the DNS is silent, so nobody knows it yet
}


class Names:
    """Records by owner; each goes into the deepest of the zones that it lies in."""

    def __init__(self):
        self.records = []
        self.kinds = {".": "secure", "test.": "secure", "100.51.198.in-addr.arpa.": "secure", "alive.test.": "insecure",
                      "dead.test.": "insecure", OUR_KEYS: "insecure", LIST_KEYS: "insecure", OUR_SECOND: "insecure"}

    def add(self, owner, kind, data):
        self.records.append((owner + ".", f"{owner}. 300 IN {kind} {data}"))

    def fill(self, tlsa):
        """All that is known; `tlsa` is host -> text of its TLSA record."""
        for name, addresses in ADDRESSES.items():
            for address in addresses:
                self.add(name, "AAAA" if ":" in address else "A", address)
                if ":" not in address:
                    self.add(".".join(reversed(address.split("."))) + ".in-addr.arpa", "PTR", name + ".")
            if name.startswith("mx."):
                self.add(name[3:], "MX", f"10 {name}.")
        self.add("nullmx.test", "MX", "0 .")
        self.add("greylist.test", "MX", "10 mx.sink.test.")
        self.add("backup.test", "MX", "10 mx.deadhost.test.")  # the first is dead, the second is not
        self.add("backup.test", "MX", "20 mx.postfix.test.")
        self.add("implicit.test", "A", "198.51.100.60")
        for destination in DESTINATIONS:
            self._add_destination(destination)
        for host, text in tlsa.items():
            self.add(f"_25._tcp.{host}", "TLSA", text)
        for domain, (spf, policy) in VERDICTS.items():
            self.add(domain, "TXT", f'"{spf}"')
            if policy:
                self.add(f"_dmarc.{domain}", "TXT", f'"{policy}"')
        for number in range(1, MANY + 1):
            silent = 128 * (number & 1)  # of the dead, half refuses and half never answers
            for kind, network in (("alive", "198.18"), ("dead", "198.19")):
                self.add(f"d{number:04}.{kind}.test", "MX", f"10 mx.d{number:04}.{kind}.test.")
                self.add(f"mx.d{number:04}.{kind}.test", "A", f"{network}.{silent + (number >> 8)}.{number & 255}")
        return self

    def _add_destination(self, destination):
        self.add(destination.domain, "MX", f"10 {destination.host}.")
        self.add(destination.host, "A", destination.address)
        if destination.sts:
            self.add(f"_mta-sts.{destination.domain}", "TXT", '"v=STSv1; id=1;"')
            self.add(f"mta-sts.{destination.domain}", "A", ADDRESSES["web.test"][0])
        if destination.zone in ("insecure", "insecure-mx", "bogus"):
            self.kinds[f"{destination.domain}."] = destination.zone.removesuffix("-mx")
        if destination.zone == "servfail":
            self.kinds[f"_tcp.{destination.host}."] = "unloaded"

    def zone_of(self, owner):
        return max((zone for zone in self.kinds if zone == "." or owner == zone or owner.endswith("." + zone)), key=len)

    def files(self):
        """{zone: text}, without what makes a delegation secure."""
        texts = {zone: [f"{zone} 300 IN SOA ns.test. nobody.test. 1 3600 600 864000 5", f"{zone} 300 IN NS ns.test."]
                 for zone in self.kinds}
        for owner, record in self.records:
            texts[self.zone_of(owner)].append(record)
        for zone in self.kinds:
            if zone != ".":
                texts[self.parent_of(zone)].append(f"{zone} 300 IN NS ns.test.")
        texts["."].append(f"ns.test. 300 IN A {SERVER}")
        return {zone: "\n".join(lines) + "\n" for zone, lines in texts.items()}

    def parent_of(self, zone):
        return self.zone_of(zone.partition(".")[2] or ".")


def start(wire, names):
    """The authoritative server; the resolver; returns (host of the first, file with the trust anchor)."""
    server = wire.host("dns", [SERVER, "2001:db8::53"], PACKAGES)
    resolver = wire.host("resolver", [RESOLVER], PACKAGES)
    script, config = SIGN, NSD
    for zone, text in names.files().items():
        if names.kinds[zone] != "unloaded":  # nsd answers SERVFAIL for a zone without its file
            server.put(f"/zones/{file_of(zone)}", text)
    for zone in sorted(names.kinds, key=depth, reverse=True):  # children first, their keys go up
        kind = names.kinds[zone]
        signed = kind in ("secure", "bogus")
        config += f"zone:\n  name: {zone}\n  zonefile: {file_of(zone)}{'.signed' if signed else ''}\n"
        if signed:
            script += f"sign {zone} {file_of(zone)} {'' if zone == '.' else file_of(names.parent_of(zone))}\n"
    server.put("/nsd.conf", config)
    server.run("sh", "-c", script)
    for zone, kind in names.kinds.items():
        if kind == "bogus":
            spoil(f"{server.root}/zones/{file_of(zone)}.signed")
    server.start("/usr/sbin/nsd", "-d", "-c", "/nsd.conf")
    with open(f"{server.root}/zones/anchor") as file:
        anchor = file.read()
    resolver.put("/zones/anchor", anchor)
    resolver.put("/unbound.conf", UNBOUND)
    resolver.start("/usr/sbin/unbound", "-d", "-c", "/unbound.conf")
    write(f"{wire.folder}/anchor", anchor)
    return server, f"{wire.folder}/anchor"


def replace(server, zone, records):
    """What an unsigned zone holds from now on; `records` are lines."""
    server.put(f"/zones/{file_of(zone)}", "\n".join([
        f"{zone} 300 IN SOA ns.test. nobody.test. {time.time_ns() // 1000_000 % 2**31} 3600 600 864000 5", f"{zone} 300 IN NS ns.test.",
        *records, ""]))
    server.run("nsd-control", "-c", "/nsd.conf", "reload", zone)


def depth(zone):
    return 0 if zone == "." else zone.count(".")


def file_of(zone):
    return "root" if zone == "." else zone.rstrip(".")


def spoil(path):
    """Changes the first TLSA record behind the back of its signature."""
    with open(path) as file:
        text = file.read()
    spoiled = re.sub(r"(\tTLSA\t\d \d \d )(.)", lambda found: found[1] + ("1" if found[2] == "0" else "0"), text, count=1)
    if spoiled == text:
        raise RuntimeError(f"{path} has no TLSA record")
    write(path, spoiled)


def questions(server):
    """How many questions the authoritative server has answered."""
    told = server.run("nsd-control", "-c", "/nsd.conf", "stats_noreset")
    return int(re.search(r"^num\.queries=(\d+)", told, re.MULTILINE)[1])
