#include "mta/outbound/ourselves.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;
using namespace futar::mta;

namespace {

std::vector<net::IpAddress> addresses_of(const std::vector<std::string>& texts) {
  std::vector<net::IpAddress> addresses;
  for (const std::string& text : texts) addresses.push_back(*net::IpAddress::parse(text));
  return addresses;
}

constexpr const char* ours = "2001:db8::10";
constexpr const char* its_name =
    "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR mx.futar.test";

}  // namespace

TEST_CASE("a listener is reached at its address, or at all of its family") {
  const auto machine = addresses_of({"127.0.0.1", "198.51.100.10", "::1", ours});
  const auto words = [&](const std::vector<std::string>& listeners) {
    std::vector<net::Endpoint> endpoints;
    for (const std::string& text : listeners) endpoints.push_back(*net::Endpoint::parse(text));
    std::vector<std::string> texts;
    for (const net::Endpoint& endpoint : reached_at(endpoints, machine)) texts.push_back(endpoint.text());
    return fmt::format("{}", fmt::join(texts, " "));
  };
  CHECK(words({"198.51.100.10:25"}) == "198.51.100.10:25");
  CHECK(words({"0.0.0.0:25"}) == "0.0.0.0:25 127.0.0.1:25 198.51.100.10:25");
  CHECK(words({"[::]:1025"}) == "[::]:1025 [::1]:1025 [2001:db8::10]:1025");
}

TEST_CASE("IPv6 is used only when each of our global addresses has a name that leads back to it") {
  const struct {
    const char* sentence;
    std::vector<std::string> addresses, records;
    bool proven;
  } rows[] = {
      {"a confirmed name", {"198.51.100.10", ours}, {its_name, "mx.futar.test AAAA 2001:db8::10"}, true},
      {"a name that leads elsewhere", {ours}, {its_name, "mx.futar.test AAAA 2001:db8::11"}, false},
      {"a name without address", {ours}, {its_name}, false},
      {"no name", {ours}, {}, false},
      {"no global address", {"198.51.100.10", "::1", "fd00::1"}, {}, false},
      {"an address beside it that no one else needs to know",
       {ours, "fd00::1", "::1"},
       {its_name, "mx.futar.test AAAA 2001:db8::10"},
       true},
      {"a second one without name, which the kernel may choose",
       {ours, "2001:db8::99"},
       {its_name, "mx.futar.test AAAA 2001:db8::10"},
       false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    FakeResolver resolver;
    for (const auto& record : row.records) resolver.add(record);
    net::Loop loop;
    bool proven = false;
    auto ask = [&]() -> Task<> { proven = co_await is_ipv6_proven(resolver, addresses_of(row.addresses)); };
    run_task(loop, ask());
    CHECK(proven == row.proven);
  }
}

TEST_CASE("it is asked again until the name is there, and nobody waits for that") {
  FakeResolver resolver;
  resolver.add("mx.futar.test AAAA 2001:db8::10");
  net::Loop loop;
  size_t looks = 0;
  bool proven = false;
  const auto look = [&] {
    if (++looks == 3) resolver.add(its_name);
    return addresses_of({ours});
  };
  auto wait = [&]() -> Task<> {
    co_await until_ipv6_is_proven(loop, resolver, look, 1);
    proven = true;
  };
  loop.spawn("test", wait());
  CHECK_FALSE(proven);
  CHECK(run_until(loop, [&] { return proven; }));
  CHECK(looks == 3);
}
