"""Exim as others run it: receives for its domains, sends by MX with DANE, relays for the test."""
import os

from hosts import TEST_ADDRESS, USERS

UID = 905
CONFIG = r"""primary_hostname = mx.exim.test
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
log_selector = +tls_peerdn +tls_certificate_verified +smtp_confirmation
local_interfaces = <; LISTEN
daemon_smtp_ports = 25
domainlist local_domains = exim.test : plain.exim.test
hostlist relay_from = TEST
acl_smtp_rcpt = check_recipient
acl_smtp_data = accept
never_users = root
rfc1413_query_timeout = 0s
message_size_limit = 60M
keep_environment =
tls_advertise_hosts = ${if eq{$received_ip_address}{PLAIN} {}{*}}
tls_certificate = /etc/exim4/chain
tls_privatekey = /etc/exim4/key
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
dns_dnssec_ok = 1
smtp_accept_max = 250
smtp_accept_queue_per_connection = 0
recipients_max = 1000
split_spool_directory = true
queue_run_max = 5

begin acl
check_recipient:
  accept hosts = +relay_from
         control = submission
  require message = relay not permitted
         domains = +local_domains
  require message = no such user here
         verify = recipient
  accept

begin routers
remote:
  driver = dnslookup
  domains = ! +local_domains
  dnssec_request_domains = *
  transport = remote_smtp
  no_more
local:
  driver = accept
  domains = +local_domains
  local_parts = lsearch;/etc/exim4/users
  transport = maildir

begin transports
remote_smtp:
  driver = smtp
  port = 25
  hosts_try_fastopen =
  dnssec_request_domains = *
  hosts_try_dane = *
  tls_verify_certificates = /etc/exim4/ca
maildir:
  driver = appendfile
  user = vmail
  group = vmail
  directory = /var/mailboxes/$domain_data/$local_part_data
  maildir_format
  delivery_date_add
  envelope_to_add
  return_path_add

begin retry
* * F,1h,2s
"""


class Exim:
    name, domains = "mx.exim.test", ("exim.test", "plain.exim.test")

    def __init__(self, wire, addresses, plain, certificate, ca):
        self.host = host = wire.host("exim", [*addresses, plain], ["exim4-daemon-light"])
        for path in ("spool", "log"):
            os.makedirs(f"{host.root}/var/{path}/exim4", exist_ok=True)
            os.chown(f"{host.root}/var/{path}/exim4", UID, UID)
        for name, source, mode in (("chain", certificate.chain, 0o644), ("key", certificate.key, 0o640), ("ca", ca, 0o644)):
            with open(source) as file:
                host.put(f"/etc/exim4/{name}", file.read(), mode)
            os.chown(f"{host.root}/etc/exim4/{name}", UID, UID)
        host.put("/etc/exim4/users", "".join(f"{user}: {user}\n" for user in USERS))
        listen = " ; ".join([*addresses, plain, "127.0.0.1"])
        host.put("/etc/exim4/exim4.conf", CONFIG.replace("LISTEN", listen).replace("PLAIN", plain)
                 .replace("TEST", TEST_ADDRESS))

    def start(self):
        self.host.start("/usr/sbin/exim4", "-bdf", "-q2s")
        return self
