"""Postfix from Debian's packages, in a root of its own on the disk under test; nothing is installed."""
import contextlib
import glob
import os
import shutil
import signal
import socket
import subprocess
import time

from world import free_ports

PACKAGES = ("postfix", "libnsl2", "libdb5.3", "libsasl2-2", "libicu72")
DOMAIN, MAILBOX_UID, POSTFIX_UID, POSTDROP_GID = "bench.test", 910, 901, 902
QUEUE = "active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public pid".split()
USERS = [f"u{number:02}" for number in range(100)]

# Postfix's own defaults, but for what would measure something else: DNS and the throttle of bursts are off.
MAIN = f"""compatibility_level = 3.6
myhostname = mail.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = /var/mailboxes
virtual_mailbox_maps = texthash:/etc/postfix/mailboxes
virtual_uid_maps = static:{MAILBOX_UID}
virtual_gid_maps = static:{MAILBOX_UID}
virtual_minimum_uid = 100
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_relay_restrictions =
in_flow_delay = 0s
maillog_file =
"""


def fetch_packages(folder):
    """Downloads and unpacks the packages once; returns the folder of their files."""
    unpacked = os.path.abspath(f"{folder}/postfix")
    if not os.path.exists(f"{unpacked}/usr/sbin/smtp-source"):
        os.makedirs(f"{folder}/packages", exist_ok=True)
        subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=f"{folder}/packages", check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for package in glob.glob(f"{folder}/packages/*.deb"):
            subprocess.run(["dpkg", "-x", package, unpacked], check=True)
        if os.path.isdir(f"{unpacked}/lib"):  # into usr, where a merged /usr has it
            shutil.copytree(f"{unpacked}/lib", f"{unpacked}/usr/lib", dirs_exist_ok=True, symlinks=True)
    return unpacked


def source_environment(packages):
    """What smtp-source needs to find its libraries."""
    folders = f"{packages}/usr/lib/postfix:{packages}/usr/lib/x86_64-linux-gnu"
    return dict(os.environ, LD_LIBRARY_PATH=folders, MAIL_CONFIG=f"{packages}/etc/postfix")


class PostfixSide:
    name, domain = "postfix", DOMAIN

    def __init__(self, packages):
        self.packages = packages
        self.source = [f"{packages}/usr/sbin/smtp-source"]
        self.source_environment = source_environment(packages)

    @contextlib.contextmanager
    def on(self, root):
        self.port = free_ports(1)[0]
        self._fill(root)
        for path in ("dev", "proc"):
            subprocess.run(["mount", "--rbind", f"/{path}", f"{root}/{path}"], check=True)
        subprocess.run(["mount", "-t", "overlay", "-o", f"ro,lowerdir={self.packages}/usr:/usr", "overlay",
                        f"{root}/usr"], check=True)
        subprocess.run(["chroot", root, "/sbin/ldconfig"], check=True)
        master = subprocess.Popen(["chroot", root, "/usr/lib/postfix/sbin/master", "-s"], stdin=subprocess.DEVNULL)
        try:
            wait_for_banner(self.port)
            self.processes = [master.pid]
            self.folders = [f"{root}/var/mailboxes/{user}/new" for user in USERS]
            yield self
        finally:
            master.send_signal(signal.SIGTERM)
            master.wait()
            time.sleep(1)  # its children end by themselves

    def _fill(self, root):
        for path in ("etc", "var/tmp", "var/lib/postfix", "var/spool/postfix", "run", "tmp", "dev", "proc", "usr"):
            os.makedirs(f"{root}/{path}")
        for link in ("bin", "sbin", "lib", "lib64"):
            os.symlink(f"usr/{link}", f"{root}/{link}")
        shutil.copytree(f"{self.packages}/etc", f"{root}/etc", dirs_exist_ok=True, symlinks=True)
        write(f"{root}/etc/passwd", "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
              f"postfix:x:{POSTFIX_UID}:{POSTFIX_UID}::/var/spool/postfix:/bin/false\n")
        write(f"{root}/etc/group", f"root:x:0:\npostfix:x:{POSTFIX_UID}:\npostdrop:x:{POSTDROP_GID}:\n")
        write(f"{root}/etc/nsswitch.conf", "hosts: files\n")
        write(f"{root}/etc/hosts", "127.0.0.1 localhost mail.test\n")
        write(f"{root}/etc/postfix/main.cf", MAIN)
        write(f"{root}/etc/postfix/mailboxes", "".join(f"{user}@{DOMAIN} {user}/\n" for user in USERS))
        self._fill_master(root)
        queue = f"{root}/var/spool/postfix"
        for name in QUEUE:
            os.mkdir(f"{queue}/{name}", 0o700)
            os.chown(f"{queue}/{name}", 0 if name == "pid" else POSTFIX_UID, -1)
        for name, mode in (("maildrop", 0o730), ("public", 0o710)):
            os.chown(f"{queue}/{name}", -1, POSTDROP_GID)
            os.chmod(f"{queue}/{name}", mode)
        os.chown(f"{root}/var/lib/postfix", POSTFIX_UID, -1)
        for user in USERS:
            for part in ("", "/tmp", "/new", "/cur"):
                os.makedirs(f"{root}/var/mailboxes/{user}{part}", exist_ok=True)
                os.chown(f"{root}/var/mailboxes/{user}{part}", MAILBOX_UID, MAILBOX_UID)

    def _fill_master(self, root):
        """Debian's master.cf, with smtpd on our port and no second chroot."""
        with open(f"{self.packages}/usr/share/postfix/master.cf.dist") as file:
            lines = [line.split(None, 7) for line in file if line[0] not in "# \t\n"]
        for fields in lines:
            fields[4] = "n"
            if fields[0] == "smtp" and fields[1] == "inet":
                fields[0] = f"127.0.0.1:{self.port}"
        write(f"{root}/etc/postfix/master.cf", "".join(" ".join(fields) for fields in lines))


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


def wait_for_banner(port, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as connection:
            if connection.recv(100).startswith(b"220"):
                connection.sendall(b"QUIT\r\n")
                return
        time.sleep(0.05)
    raise RuntimeError("Postfix does not answer")
