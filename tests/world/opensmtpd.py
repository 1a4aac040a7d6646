"""OpenSMTPD as others run it: receives for its domains, sends by MX, relays for the test. Debian 12's (6.8.0p2) offers
STARTTLS and then fails each handshake, since its library became OpenSSL 3: the peer that breaks its word, as found in the
wild. As a client it can."""
import os

from hosts import TEST_ADDRESS, USERS

OPENSMTPQ = 907  # hosts.PEOPLE


class OpenSmtpd:
    name, domains = "mx.smtpd.test", ("smtpd.test", "plain.smtpd.test")

    def __init__(self, wire, addresses, plain, certificate):
        self.host = host = wire.host("smtpd", [*addresses, plain], ["opensmtpd"])
        for path, mode in (("spool/smtpd", 0o711), ("lib/opensmtpd/empty", 0o755)):
            os.makedirs(f"{host.root}/var/{path}", exist_ok=True)
            os.chmod(f"{host.root}/var/{path}", mode)
        for name, source, mode in (("chain", certificate.chain, 0o644), ("key", certificate.key, 0o600)):
            with open(source) as file:
                host.put(f"/etc/smtpd/{name}", file.read(), mode)
        host.put("/etc/mailname", f"{self.name}\n")
        host.put("/etc/smtpd/users", "".join(f"{user} vmail\n" for user in USERS if user.isascii()))
        host.put("/etc/smtpd.conf", "".join([
            'pki shown cert "/etc/smtpd/chain"\npki shown key "/etc/smtpd/key"\n',
            "smtp max-message-size 60M\nsmtp limit max-mails 100000\nsmtp limit max-rcpt 1000\nqueue ttl 1h\n",
            "table users file:/etc/smtpd/users\n",
            *(f"listen on {address} port 25 tls pki shown hostname {self.name}\n" for address in addresses),
            f"listen on {plain} port 25 hostname {self.name}\n",
            'action "local" maildir "/var/mailboxes/%{dest.domain}/%{dest.user}" virtual <users>\n',
            'action "out" relay helo "mx.smtpd.test"\n',
            *(f'match from any for domain "{domain}" action "local"\n' for domain in self.domains),
            f'match from src {TEST_ADDRESS} for any action "out"\nmatch from local for any action "out"\n']))

    def start(self):
        self.host.start("/usr/sbin/smtpd", "-d")
        return self

    def hurry(self):
        """Tries at once what waits. It keeps a session over our restart, reads our 421 there, and waits for minutes."""
        self.host.run("/usr/sbin/smtpctl", "schedule", "all", group=OPENSMTPQ)  # it wants to be setgid, /usr is read-only
