#include "common/dmarc/check.h"

#include <doctest/doctest.h>

#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;
using dmarc::Discovery;
using dmarc::Outcome;
using dmarc::Policy;

namespace {

Discovery discover(dns::Resolver& resolver, std::string author) {
  net::Loop loop;
  Discovery found;
  auto ask = [&]() -> Task<> { found = co_await dmarc::discover(resolver, author); };
  run_task(loop, ask());
  return found;
}

dmarc::Evaluation check(dns::Resolver& resolver, const std::string& header,
                        std::vector<dmarc::Identifier> identifiers = {}) {
  net::Loop loop;
  std::mt19937 random(1);
  dmarc::Evaluation found;
  auto ask = [&]() -> Task<> {
    found = co_await dmarc::check(resolver, dmarc::authors_of(message::split_header(header)), identifiers,
                                  random);
  };
  run_task(loop, ask());
  return found;
}

}  // namespace

TEST_CASE("the policy is that of the domain, else of the organisation, in at most two questions") {
  FakeResolver resolver;
  resolver.add("_dmarc.example.co.uk TXT v=DMARC1; p=reject; sp=quarantine");
  resolver.add("_dmarc.own.example.co.uk TXT v=DMARC1; p=none");
  CHECK(discover(resolver, "example.co.uk").policy() == Policy::reject);
  CHECK(discover(resolver, "own.example.co.uk").policy() == Policy::none);
  CHECK(resolver.asked() == 2);
  const auto deep = discover(resolver, "a.b.c.example.co.uk");
  CHECK(deep.state == Discovery::State::found);
  CHECK(deep.at == "example.co.uk");
  CHECK(deep.policy() == Policy::quarantine);
  CHECK(resolver.asked() == 4);
  CHECK(discover(resolver, "example.com").state == Discovery::State::none);
  CHECK(resolver.asked() == 5);
}

TEST_CASE("other text at the name is passed over, a second policy record is an error") {
  FakeResolver resolver;
  resolver.add("_dmarc.example.org TXT google-site-verification=1")
      .add("_dmarc.example.org TXT v=DMARC1; p=reject");
  CHECK(discover(resolver, "example.org").policy() == Policy::reject);
  resolver.add("_dmarc.example.org TXT v=DMARC1; p=none");
  const auto broken = discover(resolver, "example.org");
  CHECK(broken.state == Discovery::State::broken);
  CHECK(broken.why == "2 DMARC records at _dmarc.example.org");
  // No way round by the organisation: what stands nearer is what was meant.
  resolver.add("_dmarc.sub.example.org TXT v=DMARC1; p=foo");
  CHECK(discover(resolver, "sub.example.org").why == "a DMARC record with an unknown policy: p=foo");
}

TEST_CASE("a wildcard that answers with something else leaves the organisation's policy in force") {
  FakeResolver resolver;
  resolver.add("_dmarc.www.example.org TXT v=spf1 -all").add("_dmarc.example.org TXT v=DMARC1; p=reject");
  CHECK(discover(resolver, "www.example.org").policy() == Policy::reject);
}

TEST_CASE("a DNS that does not answer, or lies, is a temporary error") {
  FakeResolver resolver;
  resolver.add("_dmarc.example.org TXT v=DMARC1; p=none").fail("_dmarc.sub.example.org", dns::Type::txt);
  resolver.bogus("_dmarc.bank.example", dns::Type::txt);
  CHECK(discover(resolver, "sub.example.org").state == Discovery::State::later);
  CHECK(discover(resolver, "bank.example").why == "_dmarc.bank.example TXT: signature expired");
  CHECK(check(resolver, "From: ceo@bank.example\r\n").must_wait());
}

TEST_CASE("a name too long for its policy has none of its own") {
  FakeResolver resolver;
  resolver.add("_dmarc.example.org TXT v=DMARC1; p=reject");
  std::string name = "example.org";
  while (name.size() < 249) name = "a." + name;
  CHECK(discover(resolver, name).policy() == Policy::reject);
  CHECK(resolver.asked() == 1);
}

TEST_CASE("a forged bank fails, wherever in From it hides, and the bank itself passes") {
  FakeResolver resolver;
  resolver.add("_dmarc.bank.example TXT v=DMARC1; p=reject");
  using Mechanism = dmarc::Identifier::Mechanism;
  const std::vector<dmarc::Identifier> evil{
      {Mechanism::dkim, dmarc::Identifier::State::pass, "evil.example"}};
  const std::vector<dmarc::Identifier> bank{
      {Mechanism::spf, dmarc::Identifier::State::pass, "mail.bank.example"}};
  for (const char* from :
       {"From: ceo@bank.example\r\n", "From: x@evil.example, ceo@bank.example\r\n",
        "From: x@evil.example\r\nFrom: ceo@bank.example\r\n", "From: ceo@bank.example <x@evil.example>\r\n",
        "From: ceo@BANK.example\r\n", "From: \"x\r\n\t\" <ceo@bank(@evil.example).example>\r\n"}) {
    CAPTURE(from);
    const auto found = check(resolver, from, evil);
    CHECK(found.outcome == Outcome::fail);
    CHECK(found.applies == Policy::reject);
    CHECK(found.from == "bank.example");
  }
  CHECK(check(resolver, "From: ceo@bank.example\r\n", bank).outcome == Outcome::pass);
  CHECK(check(resolver, "From: a@bank.example\r\nFrom: b@bank.example\r\n", bank).outcome == Outcome::none);
}
