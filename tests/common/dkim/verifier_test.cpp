#include "common/dkim/verifier.h"

#include <doctest/doctest.h>

#include "common/dkim/opendkim.h"
#include "tests/common/dkim/signed_mail.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;
using namespace futar::dkim;

namespace {

const std::string ed_record = key_record(ed_key().public_key());
const std::string rsa_record = key_record(rsa_key().public_key());

Verdict first(const std::vector<Verdict>& verdicts) {
  REQUIRE(verdicts.size() == 1);
  return verdicts[0];
}

std::string told(const Mail& mail, const std::string& record = ed_record) {
  const Verdict verdict = first(verify(mail, record));
  return std::string(name(verdict.result)) + ": " + verdict.reason;
}

// Which of the two engines proves the header of the first signature.
std::pair<bool, bool> engines(const Mail& mail, const crypto::PublicKey& key = ed_key().public_key()) {
  const auto fields = message::split_header(mail.header);
  const Signature s = parse_signature(fields[0].value).signature;
  HeaderHash hash(s.canons.header);
  hash.add(select_fields(fields, s.names, fields.data()));
  return {opendkim_proves(fields, fields[0], s, key), key.proves(hash.finish(fields[0].text), s.signature)};
}

}  // namespace

TEST_CASE("an unsigned message has no verdict") { CHECK(verify(Mail{}).empty()); }

TEST_CASE(
    "both engines prove all four canonical forms with both kinds of keys, in whatever pieces the body "
    "comes") {
  for (const char* canons :
       {"", "simple", "relaxed", "simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"})
    for (const crypto::PrivateKey* key : {&rsa_key(), &ed_key()})
      for (size_t piece : {1, 2, 1000}) {
        CAPTURE(canons);
        HandSigned hand;
        hand.canons = canons;
        hand.key = key;
        const Mail mail = hand.sign();
        const Verdict verdict = first(verify(mail, key_record(key->public_key()), piece));
        CHECK(verdict.result == Outcome::pass);
        CHECK(verdict.domain == "example.org");
        CHECK(verdict.selector == "s1");
        CHECK(verdict.start.size() == 8);
        CHECK(verdict.key_bits == (key == &rsa_key() ? 2048 : 256));
        CHECK(engines(mail, key->public_key()) == std::pair(true, true));
      }
}

TEST_CASE("a signature that ends before the body does is no pass (l=)") {
  HandSigned hand;
  hand.more = "l=6;";
  CHECK(told(hand.sign()) == "neutral: l= signs 6 of 22 octets of the body, the rest is anybody's");
  hand.more = "l=22;";
  CHECK(told(hand.sign()).starts_with("pass: "));
  Mail longer = hand.sign();
  longer.body += "and more\r\n";
  CHECK(told(longer) == "neutral: l= signs 22 of 36 octets of the body, the rest is anybody's");
  hand.more = "l=23;";
  CHECK(told(hand.sign()) == "fail: l= is longer than the body");
  hand.more = "l=0;";
  CHECK(told(hand.sign()).starts_with("neutral: "));
}

TEST_CASE("a signature expires by our clock, with five minutes for clocks that differ") {
  HandSigned hand;
  hand.more = "t=1763990000; x=1763999800;";
  CHECK(told(hand.sign()).starts_with("pass: "));
  hand.more = "t=1763990000; x=1763999699;";
  CHECK(told(hand.sign()) == "fail: the signature expired at 2025-11-24T15:54:59.000Z");
  hand.more = "t=5; x=1763999800;";  // libopendkim takes that for the future
  CHECK(told(hand.sign()).starts_with("pass: "));
  CHECK(engines(hand.sign()) == std::pair(false, true));
}

TEST_CASE("weak keys and SHA-1 prove nothing (RFC 8301)") {
  const auto small = crypto::PrivateKey::make(crypto::KeyType::rsa, 768);
  HandSigned hand;
  hand.key = &small;
  CHECK(told(hand.sign(), key_record(small.public_key())) == "permerror: its RSA key has 768 bits");
  CHECK(first(verify(hand.sign(), key_record(small.public_key()), 7, {.min_rsa_bits = 512})).result ==
        Outcome::pass);
  const auto enough = crypto::PrivateKey::make(crypto::KeyType::rsa, 1024);
  hand.key = &enough;
  CHECK(told(hand.sign(), key_record(enough.public_key())).starts_with("pass: "));
  hand.algorithm = "rsa-sha1";
  const Mail mail = hand.sign();
  CHECK(Verifier(mail.header, now_ms).wanted_keys().empty());
  CHECK(told(mail) == "permerror: rsa-sha1 proves nothing any more");
}

TEST_CASE("the key must be there, of the right kind, and may forbid subdomains; t=y is told") {
  HandSigned hand;
  CHECK(told(hand.sign(), rsa_record) == "permerror: its key is of another kind than a= says");
  CHECK(told(hand.sign(), "v=DKIM1; p=") == "permerror: its key record says that the key is revoked");
  Verdict verdict = first(verify(hand.sign(), ed_record + "; t=y:s"));
  CHECK(verdict.testing);
  CHECK(verdict.result == Outcome::pass);
  hand.more = "i=a@sub.example.org;";
  CHECK(told(hand.sign()).starts_with("pass: "));
  CHECK(told(hand.sign(), ed_record + "; t=s") == "permerror: its key allows i= in d= itself only");
  CHECK(verify(hand.sign(), key_record(crypto::PrivateKey::make(crypto::KeyType::ed25519).public_key()))[0]
            .reason == "the signed header fields were changed, or another key signed them");
}

TEST_CASE("several From fields, none, or a NUL: no signature of such a message is good") {
  HandSigned hand;
  Mail mail = hand.sign();
  mail.header = "From: ceo@bank.example\r\n" + mail.header;
  CHECK(told(mail) == "fail: the message has 2 From fields");
  mail = hand.sign();
  mail.header += "FROM\t: ceo@bank.example\r\n";
  CHECK(told(mail) == "fail: the message has 2 From fields");
  mail = hand.sign({"Subject: a\r\n", "x\r\n"});
  CHECK(told(mail) == "permerror: the message has no From field");
  mail = hand.sign();
  mail.header.insert(mail.header.find("Subject: a") + 10, 1, '\0');
  CHECK(told(mail) == "fail: the header has a NUL");
  CHECK(Verifier(mail.header, now_ms).wanted_keys().empty());
}

TEST_CASE("a second Subject beside the signed one is no pass; fields that may stand often may") {
  HandSigned hand;
  for (const char* name : {"Subject", "to", "DATE"}) {
    Mail mail = hand.sign();
    mail.header = name + std::string(": other\r\n") + mail.header;
    CHECK(told(mail).starts_with("neutral: the message has a "));
  }
  Mail mail = hand.sign();
  mail.header = "Received: by me\r\nCc: later@example.net\r\n" + mail.header;
  CHECK(told(mail).starts_with("pass: "));
}

TEST_CASE("what libopendkim cannot do is done without it") {
  HandSigned hand;
  Mail mail = hand.sign();
  mail.header.replace(mail.header.find(" b="), 3, " b\t=");  // it looks for "b=" as one word
  CHECK(engines(mail).first == false);
  hand.names = "From:To:Subject:Date";
  for (int n = 0; n < 200; ++n) hand.names += fmt::format(":X-A-Field-Of-A-Long-Name-{:03}", n);
  Mail many = hand.sign();
  CHECK(told(many).starts_with("pass: "));  // it cuts h= at 4095 octets
  CHECK(engines(many) == std::pair(false, true));
  hand = HandSigned{.names = "From:DKIM-Signature"};
  Mail twice = hand.sign(HandSigned{}.sign());
  CHECK(verify(twice)[0].result == Outcome::pass);
  CHECK(engines(twice) == std::pair(false, true));
  Mail large = {
      "From: a@example.org\r\nTo: " + std::string(90'000, 'x') + "\r\n\t" + std::string(90'000, 'y') + "\r\n",
      "x\r\n"};
  CHECK(told(HandSigned{.names = "From:To"}.sign(large)).starts_with("pass: "));
}

TEST_CASE("all fields signed and more named: libopendkim's array that is too short does no harm") {
  for (const int more : {0, 1, 2, 3, 5}) {
    Mail mail = {"From: a@example.org\r\n", "x\r\n"};
    HandSigned hand{.names = "From"};
    for (int n = 0; n < more; ++n) {
      mail.header += fmt::format("X-{}: x\r\n", n);
      hand.names += fmt::format(":X-{}", n);
    }
    hand.names += ":Y:Y:Y:Y";
    CHECK(told(hand.sign(mail)).starts_with("pass: "));
  }
}

TEST_CASE("of a hundred signatures ten are looked at, each asks the DNS once, none twice for one key") {
  Mail mail;
  for (int n = 0; n < 100; ++n) mail = HandSigned{.selector = fmt::format("s{}", n)}.sign(mail);
  Verifier verifier(mail.header, now_ms);
  CHECK(verifier.wanted_keys().size() == 10);
  CHECK(verifier.finish().size() == 10);
  mail = Mail{};
  for (int n = 0; n < 100; ++n) mail = HandSigned{}.sign(mail);
  CHECK(Verifier(mail.header, now_ms).wanted_keys().size() == 1);
}

TEST_CASE("hostile sizes cost little") {
  Mail mail = {"From: a@example.org\r\n", ""};
  for (int n = 0; n < 80'000; ++n) mail.header += "x:\r\n";
  HandSigned hand{.names = "From"};
  for (int n = 0; n < 250; ++n) hand.names += ":x";
  for (int n = 0; n < 20; ++n) mail.header = hand.field({"From: a@example.org\r\n", ""}) + mail.header;
  CHECK(verify(mail)[0].reason == "the header has too many fields");
}

TEST_CASE("keys come from the DNS by a coroutine, and what it says becomes the verdict") {
  Mail mail;
  for (const char* selector : {"bogus", "slow", "gone", "many", "good"})
    mail = HandSigned{.selector = selector}.sign(mail);
  FakeResolver resolver;
  resolver.add("good._domainkey.example.org TXT " + ed_record).sign("example.org");
  resolver.add("many._domainkey.example.org TXT " + ed_record)
      .add("many._domainkey.example.org TXT " + ed_record);
  resolver.fail("slow._domainkey.example.org", dns::Type::txt, "timeout");
  resolver.bogus("bogus._domainkey.example.org", dns::Type::txt);
  const FakeClock clock;
  net::Loop loop;
  Verifier verifier(mail.header, now_ms);
  run_task(loop, fetch_keys(verifier, resolver, clock));
  verifier.body(mail.body);
  const auto verdicts = verifier.finish();
  REQUIRE(verdicts.size() == 5);
  CHECK(verdicts[0].result == Outcome::pass);
  CHECK(verdicts[0].secure_key);
  CHECK(verdicts[1].reason == "its name has several keys in the DNS");
  CHECK(verdicts[2].reason == "its key is not in the DNS");
  CHECK(verdicts[2].result == Outcome::permerror);
  CHECK(verdicts[3].result == Outcome::temperror);
  CHECK(verdicts[4].result == Outcome::temperror);
  CHECK(resolver.asked() == 5);
}

TEST_CASE("a DNS that drags does not hold a message for ever") {
  struct Dragging final : dns::Resolver {
    explicit Dragging(FakeClock& c) : clock(c) {}
    Task<dns::Answer> ask(std::string, dns::Type) override {
      ++asked;
      clock.advance_ms(9'000);
      co_return txt({ed_record});
    }
    bool validates() const override { return false; }
    std::string description() const override { return "slow"; }
    FakeClock& clock;
    int asked = 0;
  };
  Mail mail;
  for (int n = 0; n < 10; ++n) mail = HandSigned{.selector = fmt::format("s{}", n)}.sign(mail);
  FakeClock clock;
  Dragging resolver(clock);
  net::Loop loop;
  Verifier verifier(mail.header, now_ms);
  run_task(loop, fetch_keys(verifier, resolver, clock));
  CHECK(resolver.asked == 3);
  verifier.body(mail.body);
  const auto verdicts = verifier.finish();
  CHECK(verdicts[2].result == Outcome::pass);
  CHECK(verdicts[3].result == Outcome::temperror);
  CHECK(verdicts[3].reason == "its key was not fetched in time");
}
