"""A private certification authority by the openssl program, and the TLSA records that go with its certificates."""
import contextlib
import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
import time

SHORT = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-batch"]


def openssl(*words, **options):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, **options).stdout


class Certificate:
    """FOLDER/NAME.pem is the chain without the authority, .key its key, .both what Postfix wants: key, then chain."""

    def __init__(self, folder, name):
        self.chain, self.key, self.both = (f"{folder}/{name}.{kind}" for kind in ("pem", "key", "both"))

    def exists(self):
        return os.path.exists(self.chain)

    def join(self, *behind):
        """Writes .both, and puts further certificates behind the chain."""
        if not os.path.exists(self.both):
            with open(self.chain, "a") as out:
                out.write("".join(read(path) for path in behind))
            with open(self.both, "w") as out:
                out.write(read(self.key) + read(self.chain))
        return self

    def tlsa(self, usage, selector, matching, of=None):
        """ "3 1 1 HEX": of the first certificate, or of another file."""
        path = of or self.chain
        octets = ssl.PEM_cert_to_DER_cert(read(path).partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----")
        if selector == 1:
            octets = public_key(path)
        data = {0: lambda: octets, 1: lambda: hashlib.sha256(octets).digest(),
                2: lambda: hashlib.sha512(octets).digest()}[matching]()
        return f"{usage} {selector} {matching} {data.hex()}"


class Authority:
    def __init__(self, folder, name="ca"):
        self.folder, self.certificate, self.key = folder, f"{folder}/{name}.pem", f"{folder}/{name}.key"
        if os.path.exists(self.certificate):
            return
        openssl("req", "-x509", *SHORT, "-days", "30", "-subj", f"/CN=Futar test {name}", "-keyout", self.key, "-out",
                self.certificate, "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, *names, file=None):
        """A certificate for these DNS names."""
        made = Certificate(self.folder, file or names[0])
        if made.exists():
            return made
        request, extensions = f"{made.chain}.request", f"{made.chain}.extensions"
        openssl("req", *SHORT, "-subj", f"/CN={names[0]}", "-keyout", made.key, "-out", request)
        with open(extensions, "w") as out:
            out.write("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\nbasicConstraints=CA:FALSE\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", "30",
                "-extfile", extensions, "-out", made.chain)
        return made


def self_signed(folder, name, file=None, days=30):
    """Signed by its own key; with days < 0 its time is over."""
    made = Certificate(folder, file or name)
    if made.exists():
        return made
    request = f"{made.chain}.request"
    openssl("req", *SHORT, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", made.key, "-out", request)
    openssl("x509", "-req", "-in", request, "-signkey", made.key, "-days", str(days), "-copy_extensions", "copy", "-out",
            made.chain)
    return made


def public_key(path):
    """SubjectPublicKeyInfo of a certificate, DER; kept beside it."""
    if not os.path.exists(f"{path}.public"):
        key = openssl("x509", "-in", path, "-noout", "-pubkey")
        openssl("pkey", "-pubin", "-outform", "DER", "-out", f"{path}.public", input=key)
    with open(f"{path}.public", "rb") as file:
        return file.read()


@contextlib.contextmanager
def folder(path, cache, sources):
    """`path` with what an earlier run with the same sources has made; what is made now, the next one finds."""
    digest = hashlib.sha256("".join(read(source) for source in sources).encode()).hexdigest()[:12]
    kept = f"{cache}/pki-{digest}"
    if os.path.isdir(kept) and time.time() - os.stat(kept).st_mtime < 20 * 86400:  # they last 30 days
        shutil.copytree(kept, path)
        yield path
        return
    os.makedirs(path)
    yield path
    shutil.rmtree(kept, ignore_errors=True)
    made = tempfile.mkdtemp(dir=cache)
    shutil.copytree(path, made, dirs_exist_ok=True)
    with contextlib.suppress(OSError):  # another run was faster
        os.rename(made, kept)
    shutil.rmtree(made, ignore_errors=True)


def read(path):
    with open(path) as file:
        return file.read()
