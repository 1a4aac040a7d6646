"""The world put together: names, a private authority, the foreign servers, the web host, the sink."""
import json
import os
import socket
import sys

import dns
import opensmtpd
import pki
import postfix
from destinations import DESTINATIONS, certificate_of, tlsa_of
from dns import ADDRESSES
from exim import Exim
from hosts import PRIVATE, Wire, ip, wait_for, write
from packages import CACHE

HERE = os.path.dirname(os.path.abspath(__file__))
SMART_USER, SMART_PASSWORD = "futar", "smart-word"
GRAVE = "198.51.100.61"  # refuses half of dead.test; the other half is never answered


class Internet:
    def __init__(self):
        self.folder = os.environ[PRIVATE]
        self.wire = Wire(self.folder)
        self.dns = dns.SERVER
        sources = [f"{HERE}/{name}.py" for name in ("pki", "destinations", "internet")]
        with pki.folder(f"{self.folder}/pki", CACHE, sources) as folder:
            self.ca, self.private = (pki.Authority(folder, name) for name in ("ca", "private"))
            self.certificate = self.ca.issue("mx.futar.test").join()
            self._start_names()
            self._start_peers()
            self._start_web()
            self._start_sink()
        self._wait()

    def close(self):
        self.wire.close()

    def _start_names(self):
        another = self.ca.issue("mx.another.test").join()
        self.shown, tlsa = {}, {"mx.futar.test": self.certificate.tlsa(3, 1, 1)}
        for destination in DESTINATIONS:
            certificate, above = certificate_of(destination, self.ca, self.private, f"{self.folder}/pki")
            self.shown[destination] = certificate
            if destination.tlsa:
                tlsa[destination.host] = tlsa_of(destination, certificate, above, another)
        self.names_host, self.anchor = dns.start(self.wire, dns.Names().fill(tlsa))

    def _start_peers(self):
        certificates = {name: self.ca.issue(name).join() for name in
                        ("mx.postfix.test", "mx.exim.test", "mx.smtpd.test", "smart.test")}
        (first,), (plain,) = (ADDRESSES[f"mx.{name}.test"][:1] for name in ("postfix", "plain.postfix"))
        second = ADDRESSES["mx.postfix.test"][1]
        self.postfix = postfix.Postfix(self.wire, "postfix", "mx.postfix.test", ["postfix.test", "plain.postfix.test",
                                                                                 "backup.test"],
                                       [(first, certificates["mx.postfix.test"]), (second, certificates["mx.postfix.test"]),
                                        (plain, None)]).start()
        self.exim = Exim(self.wire, ADDRESSES["mx.exim.test"], ADDRESSES["mx.plain.exim.test"][0],
                         certificates["mx.exim.test"], self.ca.certificate).start()
        self.smtpd = opensmtpd.OpenSmtpd(self.wire, ADDRESSES["mx.smtpd.test"], ADDRESSES["mx.plain.smtpd.test"][0],
                                         certificates["mx.smtpd.test"]).start()
        self.proving = postfix.Postfix(self.wire, "proving", "mx.proving.test", [one.domain for one in DESTINATIONS],
                                       [(one.address, self.shown[one]) for one in DESTINATIONS]).start()
        self.smart = postfix.Postfix(self.wire, "smart", "smart.test", ["smart.test"],
                                     [(ADDRESSES["smart.test"][0], certificates["smart.test"])], postfix.LOGINS).start()
        self.has_logins = os.path.exists(f"{self.smart.host.root}/usr/sbin/dovecot")
        if self.has_logins:
            postfix.with_logins(self.smart, {SMART_USER: SMART_PASSWORD})

    def _start_web(self):
        sites, fallback = {}, self.ca.issue("web.test")
        for destination in DESTINATIONS:
            if destination.sts:
                name = f"mta-sts.{destination.domain}"
                made = pki.self_signed(f"{self.folder}/pki", name) if destination.web == "self-signed" else self.ca.issue(name)
                sites[name] = {
                    "certificate": made.chain, "key": made.key,
                    "status": {"missing": 404, "redirects": 302}.get(destination.web, 200),
                    "body": f"version: STSv1\r\nmode: {destination.sts}\r\n"
                            f"mx: {destination.sts_mx or destination.host}\r\nmax_age: 86400\r\n"}
        sites = {"web.test": {"certificate": fallback.chain, "key": fallback.key, "status": 404, "body": ""}, **sites}
        write(f"{self.folder}/sites.json", json.dumps(sites))
        self.web = self.wire.host("web", [ADDRESSES["web.test"][0]])
        self.web.start(sys.executable, "-B", f"{HERE}/web.py", ADDRESSES["web.test"][0], f"{self.folder}/sites.json")

    def _start_sink(self):
        self.sink = self.wire.host("sink", [ADDRESSES["mx.sink.test"][0]])
        self.wire.route("198.18.0.0/16", self.sink)
        self.sink.start(sys.executable, "-B", f"{HERE}/../lib/sink.py", self.sink.folder)
        self.grave = self.wire.host("grave", [GRAVE])
        self.wire.route("198.19.0.0/17", self.grave)
        ip("", f"route add 198.19.128.0/17 via {GRAVE}")  # which is nobody there, and passes nothing on

    def _wait(self):
        for server in (self.postfix, self.exim, self.smtpd, self.smart, self.proving):
            for address in server.host.addresses[:3]:
                try:
                    wait_for(f"{address} greets", lambda: greets(address), 30)
                except TimeoutError as late:
                    raise RuntimeError(f"{late}; {server.name} says:\n{server.host.log()}") from None


def greets(address):
    try:
        with socket.create_connection((address, 25), 2) as connection:
            greeting = connection.recv(200)
            connection.sendall(b"QUIT\r\n")
            return greeting.startswith(b"220")
    except OSError:
        return False
