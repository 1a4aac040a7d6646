#include "common/dns/reverse.h"

#include <doctest/doctest.h>

#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;

namespace {

struct Outcome {
  bool confirmed = false;
  std::string name;
};

Outcome confirm(dns::Resolver& resolver, const char* address) {
  net::Loop loop;
  Outcome outcome;
  auto ask = [&]() -> Task<> {
    outcome.confirmed =
        co_await dns::confirmed_reverse(resolver, *net::IpAddress::parse(address), &outcome.name);
  };
  run_task(loop, ask());
  return outcome;
}

}  // namespace

TEST_CASE("a reverse name that leads back to the address is confirmed") {
  FakeResolver resolver;
  resolver.add("1.2.0.192.in-addr.arpa PTR mail.example.org").add("mail.example.org A 192.0.2.7");
  resolver.add("mail.example.org A 192.0.2.1");
  const auto outcome = confirm(resolver, "192.0.2.1");
  CHECK(outcome.confirmed);
  CHECK(outcome.name == "mail.example.org");
}

TEST_CASE("a reverse name that leads elsewhere, nowhere or is missing confirms nothing") {
  FakeResolver resolver;
  CHECK_FALSE(confirm(resolver, "192.0.2.1").confirmed);
  resolver.add("1.2.0.192.in-addr.arpa PTR mail.bank.example");
  CHECK_FALSE(confirm(resolver, "192.0.2.1").confirmed);
  resolver.add("mail.bank.example A 198.51.100.1");
  const auto outcome = confirm(resolver, "192.0.2.1");
  CHECK_FALSE(outcome.confirmed);
  CHECK(outcome.name.empty());
  resolver.bogus("mail.bank.example", dns::Type::a);
  CHECK_FALSE(confirm(resolver, "192.0.2.1").confirmed);
}

TEST_CASE("of several reverse names one is enough, and only ten are looked at") {
  FakeResolver resolver;
  for (int i = 0; i < 12; ++i) resolver.add("1.2.0.192.in-addr.arpa PTR h" + std::to_string(i) + ".example");
  resolver.add("h9.example A 192.0.2.1");
  CHECK(confirm(resolver, "192.0.2.1").name == "h9.example");
  resolver.remove("h9.example").add("h10.example A 192.0.2.1");
  CHECK_FALSE(confirm(resolver, "192.0.2.1").confirmed);
}

TEST_CASE("an IPv6 address is confirmed by AAAA") {
  FakeResolver resolver;
  const std::string zeros = "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.";
  resolver.add("1." + zeros + "8.b.d.0.1.0.0.2.ip6.arpa PTR six.example").add("six.example AAAA 2001:db8::1");
  CHECK(confirm(resolver, "2001:db8::1").name == "six.example");
}
