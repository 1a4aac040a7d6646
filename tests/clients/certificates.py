"""`futar tls install` and `futar tls show`: a certificate is exchanged under open connections; DANE is watched."""
import hashlib
import json
import os
import shutil
import smtplib
import socket
import ssl
import sys
import tempfile
from pathlib import Path

from harness import HOST, TOP, case, check, env, futar, port, program, submission

sys.path.insert(0, str(TOP / "tests/lib"))
from nameserver import Nameserver  # noqa: E402

OPTIONS = ["--accounts", "2"]
FOLDER = Path(tempfile.mkdtemp(dir=env.get("FUTAR_ROOT")))
NAME = json.loads(futar("--json", "config", "show"))["settings"]["hostname"]["value"] if "FUTAR_CONFIG" in env else ""


def made(word, name=None):
    """A certificate and key of our own making."""
    certificate, key = FOLDER / f"{word}.pem", FOLDER / f"{word}.key"
    name = name or NAME
    status, told = program("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                           "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:{HOST}", "-keyout", str(key), "-out",
                           str(certificate))
    check(status == 0, told)
    return str(certificate), str(key)


def served():
    """The certificates (DER) that msa and mta show now."""
    shown = []
    with socket.create_connection((HOST, port("SUBMISSIONS"))) as plain:
        with unverified().wrap_socket(plain) as secure:
            shown.append(secure.getpeercert(True))
    session = smtplib.SMTP(HOST, port("MX"), timeout=30)
    session.starttls(context=unverified())
    shown.append(session.sock.getpeercert(True))
    session.quit()
    return shown


def unverified():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def der(file):
    return ssl.PEM_cert_to_DER_cert(Path(file).read_text())


def key_digest(file):
    status, told = program("sh", "-c", f"openssl x509 -in {file} -pubkey -noout | openssl pkey -pubin -outform DER >{FOLDER}/spki")
    check(status == 0, told)
    return hashlib.sha256((FOLDER / "spki").read_bytes()).hexdigest()


@case("new connections to msa and mta get what was installed, open ones go on; owner and mode of the key stay")
def _():
    before = os.stat(env["FUTAR_CA"].replace(".crt", ".key"))
    old = submission()
    certificate, key = made("new")
    told = futar("tls", "install", certificate, key)
    check("msa: serves with it" in told and "mta: serves with it" in told, told)
    check(set(served()) == {der(certificate)}, "an agent serves another certificate")
    check(old.noop()[0] == 250, "the open session ended")
    after = os.stat(env["FUTAR_CA"].replace(".crt", ".key"))
    check((before.st_uid, before.st_gid, before.st_mode) == (after.st_uid, after.st_gid, after.st_mode), f"{before} {after}")


@case("a key that does not fit and the certificate of another host are refused, and the old one stays")
def _():
    certificate, key = made("good")
    futar("tls", "install", certificate, key)
    futar("tls", "install", made("one")[0], made("two")[1], okay=(64,))
    other = made("other", name="www.example.org")
    futar("tls", "install", *other, okay=(64,))
    check(set(served()) == {der(certificate)}, "another certificate is served")
    futar("--yes", "tls", "install", *other)
    check(set(served()) == {der(other[0])}, "not installed by --yes")
    told = futar("tls", "show", okay=(1,))
    check(f"WRONG: not {NAME}" in told, told)
    futar("tls", "install", certificate, key)


@case("a published TLSA record that names no installed key is told by install and show; one that does is ok")
def _():
    certificate, key = made("pinned")
    settings = Path(env["FUTAR_CONFIG"]).read_text()
    config = FOLDER / "futar.toml"
    zone = {f"_25._tcp.{NAME}": [("TLSA", (3, 1, 1, "00" * 32))]}
    with Nameserver(zone) as server:
        lines = [line for line in settings.splitlines() if not line.startswith("servers =")]
        if "[dns]" in lines:
            lines.insert(lines.index("[dns]") + 1, f'servers = ["127.0.0.1@{server.port}"]')
        else:
            lines += ["[dns]", f'servers = ["127.0.0.1@{server.port}"]']
        config.write_text("\n".join(lines) + "\n")
        said = program(f"{env['FUTAR_BIN']}/futar", "--config", str(config), "tls", "install", certificate, key)
        check(said[0] == 0 and "WRONG: no TLSA record" in said[1], f"{said}")
        said = program(f"{env['FUTAR_BIN']}/futar", "--config", str(config), "tls", "show")
        check(said[0] == 1 and f"3 1 1 {key_digest(certificate)}" in said[1], f"{said}")
        server.load({f"_25._tcp.{NAME}": [("TLSA", (3, 1, 1, key_digest(certificate)))]}, (), ())
        said = program(f"{env['FUTAR_BIN']}/futar", "--config", str(config), "tls", "show")
        check(said[0] == 0 and "ok, it names this key" in said[1], f"{said}")
    shutil.rmtree(FOLDER)
