#include "mta/egress/egress.h"

#include <doctest/doctest.h>

#include "common/dkim/key_record.h"
#include "common/dkim/signer.h"
#include "common/net/workers.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::mta;

namespace {

const crypto::PrivateKey& key() {
  static const auto made = crypto::PrivateKey::make(crypto::KeyType::ed25519);
  return made;
}

// An engine that always says the same.
struct Sayer final : spf::AsyncEvaluator {
  spf::Outcome outcome = spf::Outcome::pass;
  Task<spf::Step> evaluate(const spf::Request&, const spf::Answers&) override {
    spf::Verdict verdict;
    verdict.outcome = outcome;
    co_return verdict;
  }
};

// example.org is ours; mail.example.org sends, from 198.51.100.7.
struct EgressFixture {
  EgressFixture() {
    dns.add("mail.example.org A 198.51.100.7")
        .add("example.org MX 10 mail.example.org")
        .add("example.org TXT v=spf1 mx -all")
        .add("_dmarc.example.org TXT v=DMARC1; p=reject");
    options.hostname = "mail.example.org";
    options.is_ours = [](const std::string& domain) {
      return domain == "example.org" || domain.ends_with(".example.org");
    };
    options.key_record = [](const std::string&, const std::string&) { return "v=DKIM1; k=ed25519; p=AA"; };
  }
  std::string signed_header() {
    const dkim::Signer signer("example.org", {{"s1", *crypto::PrivateKey::parse(key().pem())}});
    const std::string header = "From: a@example.org\r\nSubject: one\r\n\r\n";
    auto signing = signer.begin(header, clock.wall_ms());
    signing.body("hello\r\n");
    return signing.finish() + header;
  }
  void publish_key() { dns.add("s1._domainkey.example.org TXT " + dkim::key_record(key().public_key())); }
  Outgoing mail(const std::string& header, const std::string& destination = "b.example") {
    Outgoing mail;
    mail.reverse_path = {"a", "example.org"};
    mail.header = header;
    mail.body.size = 7;
    mail.body.bytes = std::make_shared<const std::string>("hello\r\n");
    mail.destination = destination;
    return mail;
  }
  std::optional<EgressReport> check(Outgoing outgoing) {
    if (!egress) egress = std::make_unique<Egress>(loop, dns, *spool, clock, &libspf2, options);
    std::optional<EgressReport> report;
    auto run = [&]() -> Task<> { report = co_await egress->check(std::move(outgoing)); };
    run_task(loop, run());
    return report;
  }

  TempFolder folder;
  net::Loop loop;
  net::Workers workers{loop, 1, "test"};
  FakeClock clock;
  FakeResolver dns;
  Sayer libspf2;
  EgressOptions options;
  std::unique_ptr<spool::Folder> spool = *spool::Folder::open(folder / "spool", loop, workers);
  std::unique_ptr<Egress> egress;
};

constexpr const char* plain = "From: a@example.org\r\nSubject: one\r\n\r\n";

}  // namespace

TEST_CASE("what is allowed and signed passes, and nothing needs anybody") {
  EgressFixture f;
  f.publish_key();
  const auto report = f.check(f.mail(f.signed_header()));
  REQUIRE(report);
  CHECK(report->words == "SPF pass, DKIM pass, DMARC would pass");
  CHECK_FALSE(report->failed);
  CHECK(f.egress->problems().empty());
  CHECK(event::words(event_of(*report, 0)) == "our own check: SPF pass, DKIM pass, DMARC would pass");
}

TEST_CASE("a record that does not allow us fails, with the record to publish") {
  EgressFixture f;
  f.dns.remove("example.org").add("example.org TXT v=spf1 ip4:192.0.2.1 -all");
  const auto report = f.check(f.mail(plain));
  REQUIRE(report);
  CHECK(report->words == "SPF fail, DKIM none, DMARC would fail");
  CHECK(report->failed);
  REQUIRE(report->problems.size() == 2);
  CHECK(report->problems[0] ==
        EgressProblem{"example.org", "SPF fail: the record of example.org does not allow 198.51.100.7",
                      "example.org TXT v=spf1 ip4:192.0.2.1 ip4:198.51.100.7 -all"});
  CHECK(f.egress->failed() == 1);
}

TEST_CASE("a signature whose key is not in the DNS fails, though SPF alone carries DMARC") {
  EgressFixture f;
  const auto report = f.check(f.mail(f.signed_header()));
  REQUIRE(report);
  CHECK(report->words == "SPF pass, DKIM permerror, DMARC would pass");
  CHECK(report->failed);
  CHECK(report->problems[0].publish == "s1._domainkey.example.org TXT v=DKIM1; k=ed25519; p=AA");
}

TEST_CASE("a key in testing proves nothing to receivers, which is a problem and no failure") {
  EgressFixture f;
  f.dns.add("s1._domainkey.example.org TXT t=y; " + dkim::key_record(key().public_key()).substr(9));
  const auto report = f.check(f.mail(f.signed_header()));
  REQUIRE(report);
  CHECK(report->words == "SPF pass, DKIM pass, DMARC would pass");
  CHECK_FALSE(report->failed);
  REQUIRE(report->problems.size() == 1);
  CHECK(report->problems[0].text ==
        "DKIM: the key record of example.org with selector s1 says t=y, so that receivers may treat its "
        "signatures like none");
  CHECK(report->problems[0].publish == "s1._domainkey.example.org TXT v=DKIM1; k=ed25519; p=AA");
}

TEST_CASE("another key than ours in the DNS fails the check; the trace has the record to publish") {
  EgressFixture f;
  f.dns.add("s1._domainkey.example.org TXT " +
            dkim::key_record(crypto::PrivateKey::make(crypto::KeyType::ed25519).public_key()));
  const auto report = f.check(f.mail(f.signed_header()));
  CHECK(report->failed);
  CHECK(event::words(event_of(*report, 0)) ==
        "our own check: SPF pass, DKIM fail, DMARC would pass; DKIM fail: the signature of example.org with "
        "selector s1: the signed header fields were changed, or another key signed them; publish "
        "s1._domainkey.example.org TXT v=DKIM1; k=ed25519; p=AA");
}

TEST_CASE("what was wrong before mail was signed is past once signed mail of the domain passes") {
  EgressFixture f;
  f.dns.remove("example.org").add("example.org TXT v=spf1 ip4:192.0.2.1 -all");
  f.publish_key();
  CHECK(f.check(f.mail(plain))->words == "SPF fail, DKIM none, DMARC would fail");
  CHECK(f.egress->problems().size() == 2);
  CHECK(f.check(f.mail(f.signed_header()))->words == "SPF fail, DKIM pass, DMARC would pass");
  REQUIRE(f.egress->problems().size() == 1);
  CHECK(f.egress->problems()[0].text.starts_with("SPF fail"));
}

TEST_CASE("a DNS that does not answer is no failure") {
  EgressFixture f;
  f.dns.remove("example.org").fail("example.org", dns::Type::txt);
  f.dns.remove("_dmarc.example.org");
  const auto report = f.check(f.mail(plain));
  REQUIRE(report);
  CHECK(report->words == "SPF temperror, DKIM none, DMARC has no record");
  CHECK_FALSE(report->failed);
}

TEST_CASE("an answer is kept for its time, a bad one shorter, until a reload or a look that is asked for") {
  EgressFixture f;
  f.dns.remove("example.org").add("example.org TXT v=spf1 -all");
  CHECK(f.check(f.mail(plain))->failed);
  f.dns.remove("example.org").add("example.org TXT v=spf1 ip4:198.51.100.7 -all");
  const size_t asked = f.dns.asked();
  CHECK(f.check(f.mail(plain))->failed);
  CHECK(f.dns.asked() == asked);
  Outgoing again = f.mail(plain);
  again.look_again = true;
  CHECK_FALSE(f.check(again)->failed);
  f.dns.remove("example.org").add("example.org TXT v=spf1 -all");
  f.clock.advance_ms(f.options.good_ms - 1);
  CHECK_FALSE(f.check(f.mail(plain))->failed);
  f.egress->forget();
  CHECK(f.check(f.mail(plain))->failed);
  f.dns.remove("example.org").add("example.org TXT v=spf1 ip4:198.51.100.7 -all");
  f.clock.advance_ms(f.options.bad_ms);
  CHECK_FALSE(f.check(f.mail(plain))->failed);
}

TEST_CASE("messages that come together ask once") {
  EgressFixture f;
  f.dns.slow(f.loop, 5);
  f.egress = std::make_unique<Egress>(f.loop, f.dns, *f.spool, f.clock, &f.libspf2, f.options);
  size_t done = 0;
  auto ask = [&]() -> Task<> {
    const auto report = co_await f.egress->check(f.mail(plain));
    done += report && !report->failed;
  };
  for (int i = 0; i < 10; ++i) f.loop.spawn("ask", ask());
  REQUIRE(run_until(f.loop, [&] { return done == 10; }));
  CHECK(f.dns.asked("example.org", dns::Type::txt) == 1);
}

TEST_CASE("behind a smart host its addresses are judged, which is no failure, as not all may be known") {
  EgressFixture f;
  f.dns.add("smtp.provider.example A 203.0.113.5").remove("_dmarc.example.org");
  const auto report = f.check(f.mail(plain, "smtps://smtp.provider.example:465"));
  REQUIRE(report);
  CHECK(report->words.starts_with("SPF fail"));
  CHECK_FALSE(report->failed);
  CHECK(report->problems[0].text.contains("the smart host smtp.provider.example sends"));
}

TEST_CASE("where libspf2 sees otherwise, or not all, that is a problem and no failure") {
  EgressFixture f;
  f.libspf2.outcome = spf::Outcome::fail;
  auto report = f.check(f.mail(plain));
  REQUIRE(report->problems.size() == 1);
  CHECK(report->problems[0].text ==
        "receivers with libspf2 see SPF fail for mail of example.org from "
        "198.51.100.7");
  CHECK_FALSE(report->failed);
  f.libspf2.outcome = spf::Outcome::pass;
  std::string text = "example.org TXT v=spf1 ip4:198.51.100.7";
  for (int i = 0; i < 30; ++i) text += " ip6:2001:db8::" + std::to_string(1000 + i);
  f.dns.remove("example.org").add(text + " -all");
  f.egress->forget();
  report = f.check(f.mail(plain));
  REQUIRE(report->problems.size() == 1);
  CHECK(report->problems[0].text.starts_with("receivers with libspf2 do not see ip6:2001:db8::1025"));
}

TEST_CASE("what is not ours is not looked at, and of forwarded mail only what is") {
  EgressFixture f;
  Outgoing strange = f.mail("From: x@strange.example\r\n\r\n");
  CHECK(f.check(strange)->words == "SPF pass, DKIM none");
  strange.reverse_path.domain = "strange.example";
  CHECK_FALSE(f.check(strange));
}

TEST_CASE("the null reverse-path is judged by the name that we greet with") {
  EgressFixture f;
  Outgoing report = f.mail(plain);
  report.reverse_path = {};
  CHECK(f.check(report)->problems[0].publish == "mail.example.org TXT v=spf1 a -all");
}
