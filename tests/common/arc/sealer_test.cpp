#include "common/arc/sealer.h"

#include <doctest/doctest.h>

#include "tests/common/arc/sealed_mail.h"

using namespace futar;
using namespace futar::arc;

TEST_CASE("a set is three fields in lines of at most 78 octets, with what was found out at ingress") {
  const std::string set = seal(Mail{}, 1, Outcome::none);
  const auto fields = message::split_header(set);
  REQUIRE(fields.size() == 3);
  CHECK(fields[0].value.starts_with(" i=1; a=ed25519-sha256; cv=none; d=hop1.example; s=s1;"));
  CHECK(fields[1].is("ARC-Message-Signature"));
  CHECK(fields[2].text ==
        "ARC-Authentication-Results: i=1; mail.hop1.example;\r\n\tspf=pass "
        "smtp.mailfrom=alice@example.org\r\n");
  for (const auto line : split(set, '\n')) CHECK(line.size() <= 79);
}

TEST_CASE("the signature of the message covers DKIM-Signature too, and what is asked for") {
  Mail mail;
  mail.header = "DKIM-Signature: v=1\r\n" + mail.header;
  const auto names = [&](const std::string& set) {
    const auto fields = message::split_header(set);
    return dkim::parse_signature(fields[1].value, dkim::SignatureKind::arc_message).signature.names;
  };
  CHECK(names(seal(mail, 1, Outcome::none)).back() == "DKIM-Signature");
  const std::vector<std::string> own{"from", "subject", "arc-authentication-results"};
  const std::string set = seal(mail, 1, Outcome::none, own);
  CHECK(names(set) == own);
  mail.header = set + mail.header;
  CHECK(judge(mail).result == Outcome::pass);
}

TEST_CASE(
    "a chain that failed gets one more seal, which covers itself only, and then no more (RFC 8617 §5.1)") {
  Mail mail = over_hops(2);
  mail.body += "changed\r\n";
  const Verdict verdict = judge(mail);
  REQUIRE(verdict.result == Outcome::fail);
  const std::string set = seal(mail, 3, verdict.result);
  CHECK(set.find("i=3; a=ed25519-sha256; cv=fail; d=hop3.example; s=s1;") != std::string::npos);
  const auto fields = message::split_header(set);
  SealHash hash;
  hash.add(fields[2].text);
  hash.add(fields[1].text);
  const auto signature = dkim::parse_signature(fields[0].value, dkim::SignatureKind::arc_seal).signature;
  CHECK(hop_key(3).public_key().proves(hash.digest(fields[0].text), signature.signature));
  mail.header = set + mail.header;
  CHECK(judge(mail).result == Outcome::fail);
  CHECK(judge(mail).reason == "ARC-Seal 3 says cv=fail");
  for (const Outcome outcome : {Outcome::none, Outcome::pass, Outcome::fail})
    CHECK(seal(mail, 4, outcome) == "");
}

TEST_CASE(
    "a chain that passed but is broken now is sealed as failed; one that nobody looked at is not sealed") {
  Mail mail = over_hops(2);
  CHECK(seal(mail, 3, Outcome::none) == "");
  message::remove_fields(mail.header, [once = true](const message::Field& field) mutable {
    return field.is("ARC-Seal") && std::exchange(once, false);
  });
  CHECK(seal(mail, 3, Outcome::pass).find("cv=fail;") != std::string::npos);
  CHECK(seal(Mail{}, 1, Outcome::pass).find("cv=none;") != std::string::npos);
}
