#include "mta/outbound/hosts.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;
using namespace futar::mta;
using dns::Type;

namespace {

net::Endpoint at(std::string_view text) { return *net::Endpoint::parse(text); }

HostRules both_families() {
  HostRules rules;
  rules.own_names = {"mx.futar.test"};
  rules.own = {at("198.51.100.1:25")};
  rules.ipv6 = true;
  return rules;
}

HostList find(dns::Resolver& resolver, std::string domain, const HostRules& rules = both_families(),
              unsigned seed = 1) {
  net::Loop loop;
  std::mt19937 random(seed);
  HostList list;
  auto ask = [&]() -> Task<> { list = co_await find_hosts(resolver, domain, rules, random); };
  run_task(loop, ask());
  return list;
}

HostList find_one(dns::Resolver& resolver, std::string name, const HostRules& rules = both_families()) {
  net::Loop loop;
  HostList list;
  auto ask = [&]() -> Task<> { list = co_await find_host(resolver, name, rules); };
  run_task(loop, ask());
  return list;
}

// "10 mx1.example 192.0.2.1 192.0.2.2, 20 mx2.example ...", or "never 5.1.2".
std::string words(const HostList& list) {
  if (list.state == HostList::State::later) return "later " + list.status;
  if (list.state == HostList::State::never) return "never " + list.status;
  std::vector<std::string> hosts;
  for (const Host& host : list.hosts) {
    std::string text = fmt::format("{} {}", host.preference, host.name);
    for (const auto& address : host.addresses) text += " " + address.text();
    hosts.push_back(text);
  }
  return fmt::format("{}", fmt::join(hosts, ", "));
}

}  // namespace

TEST_CASE("where mail for a domain goes") {
  const struct {
    const char* sentence;
    std::vector<std::string> records;
    const char* expected;
  } rows[] = {
      {"the lowest preference comes first",
       {"d.test MX 20 b.test", "d.test MX 10 a.test", "a.test A 192.0.2.1", "b.test A 192.0.2.2"},
       "10 a.test 192.0.2.1, 20 b.test 192.0.2.2"},
      {"without MX the domain itself is the host", {"d.test A 192.0.2.1"}, "0 d.test 192.0.2.1"},
      {"without MX, by IPv6 alone too", {"d.test AAAA 2001:db8::1"}, "0 d.test 2001:db8::1"},
      {"an MX is never overruled by the domain's own address",
       {"d.test MX 10 gone.test", "d.test A 192.0.2.1"},
       "never 5.1.2"},
      {"a domain that does not exist", {}, "never 5.1.2"},
      {"a domain with neither MX nor address", {"d.test TXT hello"}, "never 5.1.2"},
      {"a null MX", {"d.test MX 0 .", "d.test A 192.0.2.1"}, "never 5.1.10"},
      {"a null MX beside others does not count",
       {"d.test MX 0 .", "d.test MX 10 a.test", "a.test A 192.0.2.1"},
       "10 a.test 192.0.2.1"},
      {"hosts without address are passed over",
       {"d.test MX 10 gone.test", "d.test MX 20 b.test", "b.test A 192.0.2.2"},
       "20 b.test 192.0.2.2"},
      {"IPv6 and IPv4 take turns",
       {"d.test MX 10 a.test", "a.test A 192.0.2.1", "a.test A 192.0.2.2", "a.test AAAA 2001:db8::1"},
       "10 a.test 2001:db8::1 192.0.2.1 192.0.2.2"},
      {"the domain may be a CNAME",
       {"d.test CNAME e.test", "e.test MX 10 a.test", "a.test A 192.0.2.1"},
       "10 a.test 192.0.2.1"},
      {"a host that is a CNAME is tolerated",
       {"d.test MX 10 a.test", "a.test CNAME b.test", "b.test A 192.0.2.1"},
       "10 a.test 192.0.2.1"},
      {"a host named twice counts once, with its better preference",
       {"d.test MX 20 a.test", "d.test MX 10 A.test.", "a.test A 192.0.2.1"},
       "10 a.test 192.0.2.1"},
      {"our name in the list cuts us and what is not better",
       {"d.test MX 10 a.test", "d.test MX 20 MX.futar.test", "d.test MX 20 b.test", "d.test MX 30 c.test",
        "a.test A 192.0.2.1", "b.test A 192.0.2.2", "c.test A 192.0.2.3"},
       "10 a.test 192.0.2.1"},
      {"our address in the list does the same",
       {"d.test MX 10 a.test", "d.test MX 20 alias.test", "d.test MX 20 b.test", "a.test A 192.0.2.1",
        "b.test A 192.0.2.2", "alias.test A 198.51.100.1"},
       "10 a.test 192.0.2.1"},
      {"nothing better than ourselves",
       {"d.test MX 10 mx.futar.test", "d.test MX 20 b.test", "b.test A 192.0.2.2"},
       "never 5.4.6"},
      {"a domain whose own address is ours", {"d.test A 198.51.100.1"}, "never 5.4.6"},
      {"a stranger's MX does not lead to what listens on this machine",
       {"d.test MX 10 a.test", "a.test A 127.0.0.1"},
       "never 5.4.6"},
      {"nor by the address 0.0.0.0", {"d.test A 0.0.0.0"}, "never 5.4.6"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    FakeResolver resolver;
    for (const auto& record : row.records) resolver.add(record);
    const HostList list = find(resolver, "D.test.");
    CHECK(words(list) == row.expected);
    CHECK_FALSE(list.reason.empty());
  }
}

TEST_CASE("hosts of equal preference are shuffled, others never") {
  FakeResolver resolver;
  for (const char* host : {"a", "b", "c"}) {
    resolver.add(fmt::format("d.test MX 10 {}.test", host)).add(fmt::format("{}.test A 192.0.2.1", host));
  }
  resolver.add("d.test MX 5 first.test").add("first.test A 192.0.2.9");
  resolver.add("d.test MX 15 last.test").add("last.test A 192.0.2.9");
  std::set<std::string> orders;
  for (unsigned seed = 0; seed < 50; ++seed) {
    const HostList list = find(resolver, "d.test", both_families(), seed);
    REQUIRE(list.hosts.size() == 5);
    CHECK(list.hosts[0].name == "first.test");
    CHECK(list.hosts[4].name == "last.test");
    orders.insert(words(list));
  }
  CHECK(orders.size() == 6);
  CHECK(words(find(resolver, "d.test", both_families(), 7)) ==
        words(find(resolver, "d.test", both_families(), 7)));
}

TEST_CASE("what the DNS cannot say now makes mail wait, unless somebody can be reached") {
  FakeResolver resolver;
  resolver.fail("d.test", Type::mx).add("d.test A 192.0.2.1");
  CHECK(words(find(resolver, "d.test")) == "later 4.4.3");  // an MX that was not told may exist
  CHECK(resolver.asked("d.test", Type::a) == 0);
  resolver.bogus("e.test", Type::mx, "signature\r\nexpired");
  const HostList bogus = find(resolver, "e.test");
  CHECK(words(bogus) == "later 4.4.3");
  CHECK(bogus.reason == "e.test MX: signature??expired");

  resolver.add("f.test MX 10 a.test").add("f.test MX 20 b.test");
  resolver.fail("a.test", Type::a).fail("b.test", Type::aaaa);
  resolver.add("b.test A 192.0.2.2");
  CHECK(words(find(resolver, "f.test")) == "20 b.test 192.0.2.2");
  resolver.remove("b.test");
  CHECK(words(find(resolver, "f.test")) == "later 4.4.3");  // not "never": a.test may be well later
  resolver.fail("g.test", Type::a).add("g.test TXT x");
  CHECK(words(find(resolver, "g.test")) == "later 4.4.3");
}

TEST_CASE("a long list is bounded, and a silent DNS is not asked for each of its hosts") {
  FakeResolver resolver;
  for (int i = 0; i < 30; ++i) {
    resolver.add(fmt::format("d.test MX {} h{}.test", i, i));
    for (int j = 0; j < 20; ++j) resolver.add(fmt::format("h{}.test A 192.0.2.{}", i, j + 1));
  }
  const HostList list = find(resolver, "d.test");
  REQUIRE(list.hosts.size() == 20);
  CHECK(list.hosts[0].addresses.size() == 16);

  FakeResolver silent;
  for (int i = 0; i < 20; ++i) {
    silent.add(fmt::format("d.test MX {} h{}.test", i, i));
    silent.fail(fmt::format("h{}.test", i), Type::a).fail(fmt::format("h{}.test", i), Type::aaaa);
  }
  CHECK(words(find(silent, "d.test")) == "later 4.4.3");
  CHECK(silent.asked() == 1 + 2 * 3);
}

TEST_CASE("malformed MX records are no hosts") {
  FakeResolver resolver;
  dns::Answer answer;
  answer.status = dns::Answer::Status::ok;
  answer.rdata = {"", std::string("\0\x0a\3a b\0", 7), "\1"};
  resolver.set("d.test", Type::mx, answer);
  CHECK(words(find(resolver, "d.test")) == "never 5.1.2");
  answer.rdata.push_back(wire(Type::mx, "10 a.test"));
  resolver.set("d.test", Type::mx, answer).add("a.test A 192.0.2.1");
  CHECK(words(find(resolver, "d.test")) == "10 a.test 192.0.2.1");
}

TEST_CASE("what DNSSEC proved is kept apart for the MX and for the address") {
  const struct {
    const char* sentence;
    std::vector<std::string> zones, records;
    bool mx_secure, address_secure;
    const char* canonical;
  } rows[] = {
      {"both", {"d.test", "a.test"}, {"d.test MX 10 a.test", "a.test A 192.0.2.1"}, true, true, "a.test"},
      {"the MX only", {"d.test"}, {"d.test MX 10 a.test", "a.test A 192.0.2.1"}, true, false, "a.test"},
      {"the address only", {"a.test"}, {"d.test MX 10 a.test", "a.test A 192.0.2.1"}, false, true, "a.test"},
      {"a CNAME through an insecure zone is insecure",
       {"d.test", "b.test"},
       {"d.test MX 10 a.test", "a.test CNAME b.test", "b.test A 192.0.2.1"},
       true,
       false,
       "b.test"},
      {"a secure CNAME keeps its target",
       {"test"},
       {"d.test MX 10 a.test", "a.test CNAME b.test", "b.test AAAA 2001:db8::1"},
       true,
       true,
       "b.test"},
      {"without MX its absence must be proven", {"d.test"}, {"d.test A 192.0.2.1"}, true, true, "d.test"},
      {"without MX and without proof", {}, {"d.test A 192.0.2.1"}, false, false, "d.test"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    FakeResolver resolver;
    for (const auto& zone : row.zones) resolver.sign(zone);
    for (const auto& record : row.records) resolver.add(record);
    const HostList list = find(resolver, "d.test");
    REQUIRE(list.hosts.size() == 1);
    CHECK(list.hosts[0].mx_secure == row.mx_secure);
    CHECK(list.hosts[0].address_secure == row.address_secure);
    CHECK(list.hosts[0].canonical == row.canonical);
  }
}

TEST_CASE("only the address families that are in use are asked for") {
  FakeResolver resolver;
  resolver.add("d.test MX 10 a.test").add("a.test A 192.0.2.1").add("a.test AAAA 2001:db8::1");
  HostRules rules;
  CHECK(words(find(resolver, "d.test", rules)) == "10 a.test 192.0.2.1");
  CHECK(resolver.asked("a.test", Type::aaaa) == 0);
  rules.ipv4 = false;
  rules.ipv6 = true;
  CHECK(words(find(resolver, "d.test", rules)) == "10 a.test 2001:db8::1");
  resolver.remove("a.test").add("a.test A 192.0.2.1");
  const HostList list = find(resolver, "d.test", rules);
  CHECK(words(list) == "never 5.1.2");
  CHECK(list.reason == "none of the hosts that receive for d.test has an IPv6 address");
}

TEST_CASE("an address literal is its own host, and asks nothing") {
  FakeResolver resolver;
  CHECK(words(find(resolver, "[192.0.2.1]")) == "0 [192.0.2.1] 192.0.2.1");
  CHECK(words(find(resolver, "[IPv6:2001:DB8::1]")) == "0 [ipv6:2001:db8::1] 2001:db8::1");
  CHECK(words(find(resolver, "[198.51.100.1]")) == "never 5.4.6");
  CHECK(words(find(resolver, "[127.0.0.1]")) == "never 5.4.6");
  CHECK(words(find(resolver, "[IPv6:2001:db8::1]", HostRules())) == "never 5.1.2");
  CHECK(resolver.asked() == 0);
  CHECK(words(find(resolver, "[x-tag:something]")) == "never 5.1.2");
}

TEST_CASE("a smart host is found by name, and is ourselves only at our own port") {
  FakeResolver resolver;
  resolver.add("smart.test MX 10 other.test").add("smart.test A 192.0.2.1");
  CHECK(words(find_one(resolver, "Smart.test")) == "0 smart.test 192.0.2.1");
  CHECK(resolver.asked("smart.test", Type::mx) == 0);
  CHECK(words(find_one(resolver, "192.0.2.7")) == "0 192.0.2.7 192.0.2.7");
  CHECK(words(find_one(resolver, "[2001:db8::7]")) == "0 [2001:db8::7] 2001:db8::7");
  CHECK(words(find_one(resolver, "127.0.0.1")) == "0 127.0.0.1 127.0.0.1");
  CHECK(words(find_one(resolver, "gone.test")) == "never 5.1.2");
  resolver.fail("slow.test", Type::a);
  CHECK(words(find_one(resolver, "slow.test")) == "later 4.4.3");

  resolver.add("self.test A 198.51.100.1");
  HostRules rules = both_families();
  CHECK(words(find_one(resolver, "self.test", rules)) == "never 5.4.6");
  rules.port = 587;
  CHECK(words(find_one(resolver, "self.test", rules)) == "0 self.test 198.51.100.1");
  rules.own.push_back(at("198.51.100.1:587"));
  CHECK(words(find_one(resolver, "self.test", rules)) == "never 5.4.6");

  rules.port = 25;
  rules.own = {at("127.0.0.1:25")};
  CHECK(words(find_one(resolver, "127.0.0.2", rules)) == "0 127.0.0.2 127.0.0.2");
  rules.own = {at("0.0.0.0:25")};
  CHECK(words(find_one(resolver, "127.0.0.2", rules)) == "never 5.4.6");
}

TEST_CASE(
    "on another port than ours our address is not ourselves; our name is, for the port may be forwarded") {
  FakeResolver resolver;
  resolver.add("d.test MX 10 a.test").add("a.test A 198.51.100.1").add("e.test MX 10 mx.futar.test");
  resolver.add("l.test A 127.0.0.1");
  HostRules rules = both_families();
  CHECK(words(find(resolver, "d.test", rules)) == "never 5.4.6");
  rules.own = {at("198.51.100.1:1025")};
  CHECK(words(find(resolver, "d.test", rules)) == "10 a.test 198.51.100.1");
  CHECK(words(find(resolver, "e.test", rules)) == "never 5.4.6");
  CHECK(words(find(resolver, "l.test", rules)) == "never 5.4.6");  // whoever listens there
}

TEST_CASE("our own name is not asked for") {
  FakeResolver resolver;
  resolver.add("d.test MX 10 mx.futar.test");
  find(resolver, "d.test");
  CHECK(resolver.asked() == 1);
}

TEST_CASE("the reason says in words where mail goes") {
  FakeResolver resolver;
  resolver.add("d.test MX 10 a.test").add("a.test A 192.0.2.1").add("e.test A 192.0.2.1");
  CHECK(find(resolver, "d.test").reason == "d.test receives at a.test (its MX 10)");
  CHECK(find(resolver, "e.test").reason == "e.test has no MX and receives at its own address");
}
