#include "common/arc/verifier.h"

#include <doctest/doctest.h>

#include <chrono>

#include "tests/common/arc/sealed_mail.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;
using namespace futar::arc;

namespace {

std::string told(const Mail& mail) {
  const Verdict verdict = judge(mail);
  return std::string(name(verdict.result)) + ": " + verdict.reason;
}

// With the first `what` of the header made `with`.
Mail changed(Mail mail, const std::string& what, const std::string& with) {
  const size_t at = mail.header.find(what);
  REQUIRE(at != std::string::npos);
  mail.header.replace(at, what.size(), with);
  return mail;
}

Mail without(Mail mail, const std::string& field, size_t number = 0) {
  const auto doomed = [&](const message::Field& each) { return each.is(field) && number-- == 0; };
  REQUIRE(message::remove_fields(mail.header, doomed) == 1);
  return mail;
}

}  // namespace

TEST_CASE("a message without sets has no chain") {
  CHECK(told(Mail{}) == "none: the message has no ARC set");
  CHECK(Verifier(Mail{}.header, dkim::now_ms).wanted_keys().empty());
}

TEST_CASE("chains of one to three hops pass, in whatever pieces the body comes") {
  for (size_t hops : {1, 2, 3})
    for (size_t piece : {1, 3, 1000}) {
      const Verdict verdict = judge(over_hops(hops), piece);
      CHECK_MESSAGE(verdict.result == Outcome::pass, verdict.reason);
      REQUIRE(verdict.seals.size() == hops);
      CHECK(verdict.seals.front() == Sealer{"hop1.example", "s1"});
      CHECK(verdict.seals.back().domain == hop_domain(hops));
    }
}

TEST_CASE("50 hops pass, and nobody can add one more") {
  const Mail mail = over_hops(50);
  CHECK(told(mail) == "pass: 50 seals and the newest signature of the message are good");
  CHECK(seal(mail, 1, Outcome::pass) == "");
}

TEST_CASE("50 hops in the largest header that is taken cost bounded time") {
  Mail mail;
  const std::string results = "mx.example;\r\n\tspf=none reason=\"" + std::string(3000, 'x') + "\"";
  for (size_t hop = 1; hop <= 50; ++hop) {
    const ChainSealer sealer("hop1.example", {"s1", hop_key(1)});
    Sealing sealing =
        sealer.begin(mail.header, {results, hop == 1 ? Outcome::none : Outcome::pass}, dkim::now_ms);
    sealing.body(mail.body);
    mail.header = sealing.finish() + mail.header;
  }
  CHECK(mail.header.size() > 180'000);
  const auto start = std::chrono::steady_clock::now();
  CHECK(judge(mail).result == Outcome::pass);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  MESSAGE(took.count(), " ms for ", mail.header.size(), " octets");
  CHECK(took.count() < 1000);
}

TEST_CASE("whatever one field of any set says otherwise, the chain fails") {
  const Mail mail = over_hops(3);
  for (const char* hop : {"1", "2", "3"}) {
    CAPTURE(hop);
    const std::string domain = std::string("hop") + hop + ".example";
    CHECK(told(changed(mail, "mail." + domain, "mail.other.example")).starts_with("fail: ARC-Seal "));
    const std::string message = "ARC-Message-Signature: i=" + std::string(hop) + "; ";
    CHECK(told(changed(mail, message, message + "y=1; ")).starts_with("fail: "));
    const std::string seal = "ARC-Seal: i=" + std::string(hop) + "; ";
    CHECK(told(changed(mail, seal, seal + "y=1; ")).starts_with("fail: ARC-Seal "));
    CHECK(told(changed(mail, seal, "ARC-Seal: i=" + std::string(hop) + ";\r\n ")).starts_with("pass: "));
  }
}

TEST_CASE("header and body are what the newest hop saw; what an older one saw may have changed") {
  const Mail mail = over_hops(2);
  Mail other = mail;
  other.body += "and more\r\n";
  CHECK(told(other) == "fail: the body was changed after the newest ARC-Message-Signature");
  CHECK(told(changed(mail, "Subject: a", "Subject: b")) ==
        "fail: the newest ARC-Message-Signature: what it signs was changed, or another key signed it");
  CHECK(told(changed(mail, "From: ", "Subject: two\r\nFrom: ")).starts_with("fail: the newest "));
  Mail loose;
  loose.header = seal(loose, 1, Outcome::none, {"from", "subject"}) + loose.header;
  CHECK(told(loose).starts_with("pass: "));
  CHECK(told(changed(loose, "From: ", "Subject: two\r\nFrom: ")) ==
        "fail: the message has a Subject field that is not signed beside one that is");
  CHECK(told(changed(mail, "From: ", "From: eve@example.org\r\nFrom: ")) ==
        "fail: the message has 2 From fields");
  Mail list = over_hops(1);
  list.body += "-- \r\nthe list\r\n";
  list = changed(list, "Subject: ", "Subject: [list] ");
  list.header = seal(list, 2, Outcome::pass) + list.header;
  CHECK(told(list) == "pass: 2 seals and the newest signature of the message are good");
}

TEST_CASE("sets are whole, without gap or repeat") {
  const Mail mail = over_hops(3);
  for (const char* field : {"ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"}) {
    CHECK(told(without(mail, field, 1)) == "fail: ARC set 2 is missing or not whole");
    Mail twice = mail;
    const auto fields = message::split_header(mail.header);
    twice.header = std::string(message::find(fields, field)->text) + mail.header;
    CHECK(told(twice) == "fail: ARC set 3 has a field twice");
  }
  Mail gap = mail;
  for (const char* field : {"ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"})
    gap = without(gap, field, 1);
  CHECK(told(gap) == "fail: ARC set 2 is missing or not whole");
  CHECK(Verifier(gap.header, dkim::now_ms).wanted_keys().empty());
  for (const char* number : {"0", "51", "x", "", "-1", "111"})
    CHECK(told(changed(mail, "ARC-Authentication-Results: i=3",
                       "ARC-Authentication-Results: i=" + std::string(number)))
              .starts_with("fail: "));
}

TEST_CASE("the first seal says cv=none, each other cv=pass (RFC 8617 §5.2, step 3)") {
  const Mail mail = over_hops(2);
  for (const char* cv : {"none", "fail", "maybe", ""}) {
    const std::string said = told(changed(mail, "cv=pass", "cv=" + std::string(cv)));
    CHECK(said.starts_with("fail: ARC-Seal 2 says cv="));
  }
  CHECK(told(changed(mail, "cv=none", "cv=pass")) == "fail: ARC-Seal 1 says cv=pass");
  CHECK(told(changed(mail, "cv=none", "h=From; cv=none")) ==
        "fail: ARC-Seal 1 cannot be read: h= has no place in a seal");
}

TEST_CASE("comments may stand around i= of results, and nothing else before it (RFC 8617 §4.1.1)") {
  const auto instance_is_read = [](const std::string& results) {
    const std::string text = "ARC-Authentication-Results:" + results + "\r\n";
    const auto fields = message::split_header(text);
    return !read_chain(fields).flaw.contains("no instance number");
  };
  for (const char* good : {" i=1;", "i = 1 ;a", "\r\n\ti=50;", " (a) i (b (c)) = (\\)) 1 (d);", " i=01; x"})
    CHECK_MESSAGE(instance_is_read(good), good);
  for (const char* bad :
       {" i=1", " I=1;", " i=1 1;", " x; i=1;", " (i=1;", " i=;", " i;", "", " i=1) ;", " i==1;"})
    CHECK_MESSAGE(!instance_is_read(bad), bad);
}

TEST_CASE("fields of a set may stand in any order (RFC 8617 §4.1)") {
  Mail mail = over_hops(2);
  const auto fields = message::split_header(mail.header);
  const std::string first(message::find(fields, "ARC-Seal")->text);
  mail = without(mail, "ARC-Seal");
  mail.header += first;
  CHECK(told(mail).starts_with("pass: "));
}

TEST_CASE("keys are asked for once each; without one the chain fails, and it is said when that may change") {
  const Mail mail = over_hops(3);
  FakeResolver dns;
  FakeClock clock;
  net::Loop loop;
  const auto verdict = [&] {
    Verifier verifier(mail.header, dkim::now_ms);
    run_task(loop, dkim::fetch_keys(verifier, dns, clock));
    verifier.body(mail.body);
    return verifier.finish();
  };
  for (size_t hop : {1, 2, 3})
    dns.set("s1._domainkey." + hop_domain(hop), dns::Type::txt,
            dkim::txt({dkim::key_record(hop_key(hop).public_key())}));
  CHECK(verdict().result == Outcome::pass);
  CHECK(dns.asked() == 3);
  dns.remove("s1._domainkey.hop2.example");
  CHECK(verdict().reason == "ARC-Seal 2: its key is not in the DNS");
  CHECK_FALSE(verdict().temporary);
  dns.fail("s1._domainkey.hop2.example", dns::Type::txt);
  CHECK(verdict().result == Outcome::fail);
  CHECK(verdict().temporary);
}

TEST_CASE("h= may leave a name out between its colons, as the published cases want it, but never From") {
  const auto error = [](std::string_view names) {
    return dkim::parse_signature(
               fmt::format("i=1; a=rsa-sha256; d=a.example; s=s; bh=eA==; b=eA==; h={}", names),
               dkim::SignatureKind::arc_message)
        .error;
  };
  CHECK(error("from:to::date") == "");
  CHECK(error("") == "h= does not name From");
  CHECK(error("::") == "h= does not name From");
  CHECK(error("from:to:a b") == "h= names what is no field");
}

TEST_CASE("an RSA key below 1024 bits proves nothing unless it is allowed") {
  const auto small = crypto::PrivateKey::make(crypto::KeyType::rsa, 768);
  const ChainSealer sealer("example.org", {"s1", small});
  Mail mail;
  Sealing sealing = sealer.begin(mail.header, {"a; none", Outcome::none}, dkim::now_ms);
  sealing.body(mail.body);
  mail.header = sealing.finish() + mail.header;
  const auto verdict = [&](int bits) {
    Verifier verifier(mail.header, dkim::now_ms, bits);
    verifier.give_key("s1._domainkey.example.org", dkim::txt({dkim::key_record(small.public_key())}));
    verifier.body(mail.body);
    return verifier.finish();
  };
  CHECK(verdict(1024).reason == "the newest ARC-Message-Signature: its RSA key has 768 bits");
  CHECK(verdict(512).result == Outcome::pass);
}
