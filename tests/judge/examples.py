"""The examples of RFC 7208 appendix A, RFC 6376 appendix A, RFC 8463 appendix A and RFC 7489 appendix B."""

# RFC 7208 A.1 to A.4: the records of example.com, each against clients that it does and does not allow.
ZONE_7208 = {
    "example.com": [("MX", (10, "mail-a.example.com")), ("MX", (20, "mail-b.example.com")), ("A", "192.0.2.10"),
                    ("A", "192.0.2.11")],
    "amy.example.com": [("A", "192.0.2.65")], "bob.example.com": [("A", "192.0.2.66")],
    "mail-a.example.com": [("A", "192.0.2.129")], "mail-b.example.com": [("A", "192.0.2.130")],
    "www.example.com": [("CNAME", "example.com")],
    "mail-c.example.org": [("A", "192.0.2.140")], "example.org": [("MX", (10, "mail-c.example.org"))],
    "10.2.0.192.in-addr.arpa": [("PTR", "example.com")], "11.2.0.192.in-addr.arpa": [("PTR", "example.com")],
    "65.2.0.192.in-addr.arpa": [("PTR", "amy.example.com")], "66.2.0.192.in-addr.arpa": [("PTR", "bob.example.com")],
    "129.2.0.192.in-addr.arpa": [("PTR", "mail-a.example.com")], "130.2.0.192.in-addr.arpa": [("PTR", "mail-b.example.com")],
    "140.2.0.192.in-addr.arpa": [("PTR", "mail-c.example.org")],
    "4.0.0.10.in-addr.arpa": [("PTR", "bob.example.com")],  # who does not lead back there
    "mobile-users._spf.example.com": [("TXT", "v=spf1 exists:%{l1r+}.%{d}")],
    "remote-users._spf.example.com": [("TXT", "v=spf1 exists:%{ir}.%{l1r+}.%{d}")],
    "mary.mobile-users._spf.example.com": [("A", "127.0.0.2")],
    "15.15.168.192.joel.remote-users._spf.example.com": [("A", "127.0.0.2")],
    "3.2.0.192.in-addr._spf.example.com": [("A", "127.0.0.2")],
}
CASES_7208 = [
    ("v=spf1 +all", {"192.0.2.129": "pass", "2001:db8::1": "pass"}),
    ("v=spf1 a -all", {"192.0.2.10": "pass", "192.0.2.11": "pass", "192.0.2.65": "fail"}),
    ("v=spf1 a:example.org -all", {"192.0.2.140": "fail", "192.0.2.10": "fail"}),
    ("v=spf1 mx -all", {"192.0.2.129": "pass", "192.0.2.130": "pass", "192.0.2.140": "fail"}),
    ("v=spf1 mx:example.org -all", {"192.0.2.140": "pass", "192.0.2.129": "fail"}),
    ("v=spf1 mx mx:example.org -all", {"192.0.2.129": "pass", "192.0.2.130": "pass", "192.0.2.140": "pass"}),
    ("v=spf1 mx/30 mx:example.org/30 -all", {"192.0.2.131": "pass", "192.0.2.143": "pass", "192.0.2.144": "fail"}),
    ("v=spf1 ptr -all", {"192.0.2.10": "pass", "192.0.2.65": "pass", "192.0.2.140": "fail", "10.0.0.4": "fail"}),
    ("v=spf1 ip4:192.0.2.128/28 -all", {"192.0.2.65": "fail", "192.0.2.129": "pass"}),
    ("v=spf1 include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all",
     {"192.168.15.15": "fail"}),  # A.3 for mary, joel below
    ("v=spf1 a:www.example.com -all", {"192.0.2.10": "pass"}),  # a CNAME on the way
]
SENDERS_7208 = [("mary@example.com", "203.0.113.9", "pass"), ("joel@example.com", "192.168.15.15", "pass"),
                ("joel@example.com", "192.168.15.16", "fail"),
                ("mary+list@example.com", "203.0.113.9", "pass"), ("list+eve@example.com", "203.0.113.9", "fail")]

HEADER_6376 = (b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n"
               b"Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
               b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n")
BODY_6376 = b"Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n"
SIGNED_6376 = (b"DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
               b"      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
               b"      h=Received : From : To : Subject : Date : Message-ID;\r\n"
               b"      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
               b"      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
               b"      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
               b"      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
               b"      4bmp/YzhwvcubU4=;\r\n"
               b"Received: from client1.football.example.com  [192.0.2.1]\r\n"
               b"      by submitserver.example.com with SUBMISSION;\r\n"
               b"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n" + HEADER_6376 + b"\r\n" + BODY_6376)
SIGNED_8463 = (b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
               b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n"
               b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
               b" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
               + HEADER_6376 + b"\r\n" + BODY_6376)
KEYS = {
    "brisbane._domainkey.example.com": [("TXT", [
        "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ", "KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt",
        "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v", "/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi",
        "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"])],
    "brisbane._domainkey.football.example.com": [("TXT", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")],
}

# RFC 7489 B.1: who is aligned with From, relaxed and strict.
ZONE_7489 = {
    "example.com": [("TXT", "v=spf1 ip4:192.0.2.1 -all")], "child.example.com": [("TXT", "v=spf1 ip4:192.0.2.1 -all")],
    "example.net": [("TXT", "v=spf1 ip4:192.0.2.1 -all")],
    "_dmarc.example.com": [("TXT", "v=DMARC1; p=reject; sp=quarantine")],
    "_dmarc.strict.example": [("TXT", "v=DMARC1; p=none; aspf=s")],
    "sub.strict.example": [("TXT", "v=spf1 ip4:192.0.2.1 -all")],
}
CASES_7489 = [  # MAIL FROM, From, client, result, policy
    ("sender@example.com", "sender@example.com", "192.0.2.1", "pass", "reject"),  # B.1.1, example 1
    ("sender@child.example.com", "sender@example.com", "192.0.2.1", "pass", "reject"),  # example 2: relaxed
    ("sender@example.net", "sender@child.example.com", "192.0.2.1", "fail", "quarantine"),  # example 3
    ("sender@example.com", "sender@example.com", "192.0.2.2", "fail", "reject"),
    ("sender@sub.strict.example", "sender@strict.example", "192.0.2.1", "fail", "none"),
    ("sender@example.net", "sender@example.net", "192.0.2.1", "none", None),
]


def first(told):
    return told.out.split(" ")[0]


def run(judge, count, make_server):
    spf(judge, count, make_server)
    with make_server(KEYS) as server:
        for name, message in (("RFC 6376 A.2", SIGNED_6376), ("RFC 8463 A.2", SIGNED_8463)):
            for octets in (message, message.replace(b"\r\n", b"\n")):
                told = judge("check", "dkim", "--dns", server.address, "-", stdin=octets)
                count.case(name, "" if first(told) == "pass" and told.code == 0 else told)
            told = judge("check", "dkim", "--dns", server.address, "-", stdin=message.replace(b"lost", b"won"))
            count.case(f"{name}, changed", "" if first(told) == "fail" and told.code == 1 else told)
        told = judge("check", "dkim", "--dns", server.address, "-", stdin=HEADER_6376 + b"\r\n" + BODY_6376)
        count.case("an unsigned message", "" if first(told) == "none" and told.code == 1 else told)
    dmarc(judge, count, make_server)
    trouble(judge, count, make_server)


def spf(judge, count, make_server):
    for record, clients in CASES_7208:
        zone = {**ZONE_7208, "example.com": [*ZONE_7208["example.com"], ("TXT", record)]}
        with make_server(zone) as server:
            for client, wanted in clients.items():
                told = judge("check", "spf", client, "mail.example.com", "bob@example.com", "--dns", server.address)
                count.case(f"RFC 7208 A: {record} for {client}", "" if first(told) == wanted else told)
    record = "v=spf1 include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all exp=why.%{d}"
    zone = {**ZONE_7208, "example.com": [("TXT", record)], "why.example.com": [("TXT", "%{i} is not one of %{d}'s")]}
    with make_server(zone) as server:
        for sender, client, wanted in SENDERS_7208:
            told = judge("check", "spf", client, "h", sender, "--dns", server.address)
            said = f"\nexp: {client} is not one of example.com's\n" in told.out
            count.case(f"RFC 7208 A.3: {sender} from {client}", "" if first(told) == wanted and said == (wanted == "fail") else told)


def dmarc(judge, count, make_server):
    with make_server(ZONE_7489) as server:
        for sender, author, client, wanted, policy in CASES_7489:
            message = f"From: {author}\nDate: Fri, Feb 15 2002 16:54:30 -0800\nTo: r@example.org\nSubject: x\n\nx\n".encode()
            told = judge("check", "dmarc", "-", "--ip", client, "--helo", "h", "--mail-from", sender, "--dns", server.address, stdin=message)
            good = first(told) == wanted and (f"\npolicy: {policy}\n" in told.out) == (policy is not None)
            count.case(f"RFC 7489 B.1: {sender} for {author} from {client}", "" if good else told)


def trouble(judge, count, make_server):
    """What has no record, no answer, no DNS, or no sense."""
    long = "v=spf1 " + " ".join(f"ip4:198.51.100.{number}" for number in range(200)) + " ip4:192.0.2.1 -all"  # over TCP
    zone = {"x.example": [("A", "192.0.2.1")], "long.example": [("TXT", long)], "loop.example": [("CNAME", "loop.example")],
            "alias.example": [("CNAME", "long.example")]}
    with make_server(zone, broken=["b.example"]) as server:
        for words, wanted, code in [
                (("192.0.2.1", "h.example", ""), "none", 1), (("192.0.2.1", "", "a@x.example"), "none", 1), (("192.0.2.1", "", ""), "none", 1),
                (("192.0.2.1", "[192.0.2.1]", "a@b.example"), "temperror", 75), (("::1", "[IPv6:::1]", "<>"), "none", 1),
                (("192.0.2.1", "b.example", "<>"), "temperror", 75), (("192.0.2.1", "h", "a@alias.example"), "pass", 0),
                (("192.0.2.2", "h", "a@long.example"), "fail", 1), (("192.0.2.1", "h", "a@loop.example"), "none", 1)]:
            told = judge("check", "spf", *words, "--dns", server.address)
            count.case(f"check spf {words}", "" if first(told) == wanted and told.code == code else told)
        told = judge("check", "spf", "192.0.2", "h", "", "--dns", server.address)
        count.case("an address that is none", "" if told.code == 64 else told)
        told = judge("--json", "check", "spf", "192.0.2.1", "h", "a@x.example", "--dns", server.address)
        count.case("as JSON", "" if '"schema":1' in told.out and '"result":"none"' in told.out else told)
    told = judge("check", "spf", "192.0.2.1", "h", "a@x.example", "--dns", server.address)
    count.case("nobody at --dns", "" if first(told) == "temperror" and told.code == 75 else told)
