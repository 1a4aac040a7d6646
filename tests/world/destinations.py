"""The table of domains beyond ours whose servers prove, or fail to prove, who they are: from it come their zones,
certificates, policies and listeners, and the cases of cases_security.py. All are Postfix, each at an address of its own."""
from dataclasses import dataclass

FIRST = 100  # 198.51.100.100 and up
MANY = 1000  # of each kind of d0001.alive.test ...


@dataclass(frozen=True)
class Destination:
    name: str
    proves: str
    """The sentence that the case is."""
    certificate: str = "authority"
    """authority: of the one that we trust; private: of one that we do not know; self: by itself; with "-name" for
    another host, with "-expired" too old; "": it offers no STARTTLS."""
    tlsa: str = ""
    """Usage, selector, matching; of its own certificate, "wrong" of another one, "above" of who issued it."""
    zone: str = "secure"
    """secure; insecure: not signed; bogus: the TLSA record was changed after signing; servfail: nobody tells TLSA;
    insecure-mx: the domain is not signed, its host is."""
    sts: str = ""
    """enforce or testing: the mode of its MTA-STS policy."""
    sts_mx: str = ""
    """The mx pattern, if not its host."""
    web: str = "works"
    """works, missing (404), redirects, self-signed: how its policy is served."""
    wish: str = ""
    """Our mta.tls_policy for it."""
    arrives: bool = True
    """Handed over; else it waits."""
    trace: str = ""
    """What the message's trace has to say of it, a regular expression."""

    @property
    def domain(self):
        return f"{self.name}.test"

    @property
    def host(self):
        return f"mx-{self.domain}" if self.zone == "insecure-mx" else f"mx.{self.domain}"

    @property
    def address(self):
        return f"198.51.100.{FIRST + DESTINATIONS.index(self)}"


DESTINATIONS = [
    # Nobody promises anything
    Destination("clear", "a host without STARTTLS and without promises gets mail in clear", ""),
    Destination("self", "a self-signed certificate is enough where nothing is promised", "self", trace="not verified"),
    # DANE (RFC 7672)
    Destination("dane-ee", "DANE-EE trusts the key, whatever name and expiry say", "self-name-expired", "3 1 1", trace="DANE"),
    Destination("dane-full", "DANE-EE trusts the whole certificate", "self", "3 0 1", trace="DANE"),
    Destination("dane-512", "DANE-EE with SHA-512", "private", "3 1 2", trace="DANE"),
    Destination("dane-ta", "DANE-TA trusts a private authority for the name of the host", "private", "2 0 1 above",
                trace="DANE"),
    Destination("dane-ta-name", "DANE-TA does not trust another name", "private-name", "2 0 1 above", arrives=False,
                trace="DANE"),
    Destination("dane-wrong", "a certificate that is not the promised one gets no mail", tlsa="3 1 1 wrong", arrives=False,
                trace="DANE"),
    Destination("dane-bogus", "a bogus TLSA answer: the host is not used", tlsa="3 1 1", zone="bogus", arrives=False,
                trace="(?i)bogus|TLSA|DNSSEC"),
    Destination("dane-servfail", "SERVFAIL for TLSA: the host is not used", tlsa="3 1 1", zone="servfail", arrives=False,
                trace="(?i)TLSA"),
    Destination("dane-insecure", "TLSA records in an unsigned zone mean nothing", tlsa="3 1 1 wrong", zone="insecure"),
    Destination("dane-insecure-mx", "behind an unsigned MX record TLSA records mean nothing", tlsa="3 1 1 wrong",
                zone="insecure-mx"),
    Destination("dane-unusable", "unusable TLSA records: TLS, not verified", "self", "1 1 1"),
    Destination("dane-unusable-clear", "unusable TLSA records: never in clear", "", "1 1 1 wrong", arrives=False,
                trace="STARTTLS"),
    Destination("dane-stripped", "a host with TLSA records that offers no STARTTLS gets nothing", "", "3 1 1 wrong",
                arrives=False, trace="STARTTLS"),
    Destination("dane-over-sts", "a DANE failure is not rescued by MTA-STS", tlsa="3 1 1 wrong", sts="enforce", arrives=False,
                trace="DANE"),
    # MTA-STS (RFC 8461)
    Destination("sts", "MTA-STS enforce, and the certificate fits", sts="enforce", trace="MTA-STS"),
    Destination("sts-wildcard", "a wildcard of the policy fits the host", sts="enforce", sts_mx="*.sts-wildcard.test",
                trace="MTA-STS"),
    Destination("sts-insecure", "MTA-STS needs no DNSSEC", zone="insecure", sts="enforce", trace="MTA-STS"),
    Destination("sts-mx", "a host that the policy does not list gets nothing", sts="enforce", sts_mx="mx.elsewhere.test",
                arrives=False, trace="MTA-STS"),
    Destination("sts-name", "a certificate for another name gets nothing under enforce", "authority-name", sts="enforce",
                arrives=False, trace="MTA-STS"),
    Destination("sts-self", "a self-signed certificate gets nothing under enforce", "self", sts="enforce", arrives=False,
                trace="MTA-STS"),
    Destination("sts-expired", "an expired certificate gets nothing under enforce", "self-expired", sts="enforce",
                arrives=False, trace="MTA-STS"),
    Destination("sts-stripped", "a host under enforce that offers no STARTTLS gets nothing", "", sts="enforce", arrives=False,
                trace="STARTTLS"),
    Destination("sts-testing", "testing: delivered all the same, the failure is noted", "self", sts="testing",
                trace="MTA-STS"),
    Destination("sts-missing", "a record without a policy promises nothing", "self", sts="enforce", web="missing"),
    Destination("sts-redirects", "a redirected policy is none", "self", sts="enforce", web="redirects"),
    Destination("sts-web-self", "a policy behind an untrusted certificate is none", "self", sts="enforce", web="self-signed"),
    # Our own wish (mta.tls_policy)
    Destination("wish-require", "require: a self-signed certificate will do", "self", wish="require"),
    Destination("wish-require-clear", "require: never in clear", "", wish="require", arrives=False, trace="STARTTLS"),
    Destination("wish-verify", "verify: a certificate of a known authority", wish="verify"),
    Destination("wish-verify-self", "verify: no self-signed certificate", "self", wish="verify", arrives=False,
                trace="(?i)certificate"),
    Destination("wish-dane", "dane-only, and TLSA records fit", "self", "3 1 1", wish="dane-only", trace="DANE"),
    Destination("wish-dane-none", "dane-only without TLSA records: nothing is sent", wish="dane-only", arrives=False,
                trace="DANE"),
]


def certificate_of(destination, ca, private, folder):
    """(chain and key that it shows, its issuer's file); nothing if it shows none."""
    import pki
    kind, _, faults = destination.certificate.partition("-")
    name = "mx.another.test" if "name" in faults else destination.host
    if kind == "self":
        made = pki.self_signed(folder, name, file=destination.host, days=-1 if "expired" in faults else 30)
        return made.join(), made.chain
    if not kind:
        return None, None
    authority = ca if kind == "authority" else private
    made = authority.issue(name, file=destination.host)
    return made.join(*([authority.certificate] if kind == "private" else [])), authority.certificate


def tlsa_of(destination, certificate, above, another):
    """The text of its TLSA record."""
    usage, selector, matching, *of = destination.tlsa.split()
    file = {"wrong": another.chain, "above": above}.get(of[0]) if of else None
    return (certificate or another).tlsa(int(usage), int(selector), int(matching), of=file)
