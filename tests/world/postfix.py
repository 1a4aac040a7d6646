"""Postfix as others run it: receives for its domains, sends by MX with DANE, relays for the test and for whoever logs in."""
import os

from hosts import TEST_ADDRESS, USERS

UID, POSTDROP, MAILBOX = 901, 902, 910
QUEUE = "active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public pid".split()
MAIN = """compatibility_level = 3.6
myhostname = {name}
mydestination =
mynetworks = {test}/32
inet_interfaces = {addresses}
inet_protocols = all
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domains}
virtual_mailbox_base = /var/mailboxes
virtual_mailbox_maps = texthash:/etc/postfix/mailboxes
virtual_alias_maps = inline:{{ gone@postfix.test=nobody@exim.test, pong@postfix.test=ping@futar.test }}
virtual_uid_maps = static:910
virtual_gid_maps = static:910
virtual_minimum_uid = 100
virtual_mailbox_limit = 0
message_size_limit = 60000000
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_tls_loglevel = 1
smtpd_tls_auth_only = yes
smtp_tls_loglevel = 1
smtp_tls_security_level = dane
smtp_tls_dane_insecure_mx_policy = may
smtp_dns_support_level = dnssec
smtp_address_preference = any
smtp_tcp_port = 25
minimal_backoff_time = 2s
queue_run_delay = 2s
in_flow_delay = 0s
maillog_file = /var/log/mail.log
"""


class Postfix:
    """`listeners` are (address, certificate or None): each a door of its own, with STARTTLS or without."""

    def __init__(self, wire, host, name, domains, listeners, more=""):
        addresses = [address for address, _ in listeners]
        self.host, self.name, self.domains = wire.host(host, addresses, ["postfix"]), name, domains
        root = self.host.root
        own = [address for address in addresses if "." in address][:1] + [address for address in addresses if ":" in address]
        self.host.put("/etc/postfix/main.cf", more + MAIN.format(name=name, test=TEST_ADDRESS, domains=" ".join(domains),
                                                                 addresses=" ".join(own)))
        self.host.put("/etc/postfix/mailboxes", "".join(f"{user}@{domain} {domain}/{user}/\n" for domain in domains
                                                        for user in (USERS if len(domains) < 5 else USERS[:1])))
        with open(f"{root}/usr/share/postfix/master.cf.dist") as file:
            services = [line.split(None, 7) for line in file if line[0] not in "# \t\n"]
        self.host.put("/etc/postfix/master.cf", "".join(self._services(services, listeners)))
        queue = f"{root}/var/spool/postfix"
        os.makedirs(f"{root}/var/lib/postfix", exist_ok=True)
        os.chown(f"{root}/var/lib/postfix", UID, -1)
        for name in QUEUE:
            os.makedirs(f"{queue}/{name}", 0o700, exist_ok=True)
            os.chown(f"{queue}/{name}", 0 if name == "pid" else UID, -1)
        for name, mode in (("maildrop", 0o730), ("public", 0o710)):
            os.chown(f"{queue}/{name}", -1, POSTDROP)
            os.chmod(f"{queue}/{name}", mode)

    def _services(self, services, listeners):
        """Debian's master.cf without its chroots, and with an smtpd for each listener."""
        for fields in services:
            fields[4] = "n"
            if fields[:2] != ["smtp", "inet"]:
                yield " ".join(fields)
        for number, (address, certificate) in enumerate(listeners):
            options = "-o smtpd_tls_security_level=none"
            if certificate:
                path = f"/etc/postfix/certificate-{number}"
                with open(certificate.both) as file:
                    self.host.put(path, file.read(), 0o600)
                options = f"-o smtpd_tls_security_level=may -o smtpd_tls_chain_files={path}"
            yield f"{f'[{address}]' if ':' in address else address}:25 inet n - n - - smtpd {options}\n"

    def start(self):
        self.host.start("/usr/lib/postfix/sbin/master", "-s")
        return self


def with_logins(postfix, logins):
    """Dovecot's auth service beside it, which knows `logins`: {name: password}."""
    host = postfix.host
    host.put("/etc/dovecot/users", "".join(f"{name}:{{PLAIN}}{password}\n" for name, password in logins.items()))
    host.put("/etc/dovecot/dovecot.conf", """protocols =
base_dir = /run/dovecot
log_path = /var/log/dovecot.log
auth_verbose = yes
ssl = no
auth_mechanisms = plain login scram-sha-1 scram-sha-256
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=910 gid=910 home=/tmp
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0666
  }
}
""")
    host.start("/usr/sbin/dovecot", "-F")


LOGINS = """smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
"""
