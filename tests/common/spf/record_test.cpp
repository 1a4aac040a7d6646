#include "common/spf/record.h"

#include <doctest/doctest.h>

using namespace futar;

namespace {

std::string error(const std::string& record) {
  const auto parsed = spf::parse_record(record);
  return parsed ? "" : parsed.error().text;
}

bool covers(const std::string& term, const char* client) {
  const auto record = spf::parse_record("v=spf1 " + term);
  return record && record->mechanisms[0].covers(*net::IpAddress::parse(client));
}

}  // namespace

TEST_CASE("a record is an SPF record when v=spf1 stands alone at its front") {
  CHECK(spf::is_record("v=spf1"));
  CHECK(spf::is_record("V=SPF1 -all"));
  for (const char* txt : {"", "v=spf10", "v=spf1-all", " v=spf1", "v=spf2.0/mfrom", "v=spf1\t-all"})
    CHECK_FALSE(spf::is_record(txt));
}

TEST_CASE("an error names the term, and is found wherever it stands") {
  CHECK(error("v=spf1 ip4:192.0.2.1 -all moo") == "unknown mechanism in \"moo\"");
  CHECK(error("v=spf1 -all redirect=a.example redirect=b.example") ==
        "it is there twice in \"redirect=b.example\"");
  CHECK(error("v=spf1 a:%{x}.example") == "bad macro at \"%{x}.example\" in \"a:%{x}.example\"");
  CHECK(error("v=spf1 \x1b[31m") == "unknown mechanism in \"?[31m\"");
  for (const char* term : {"all:x.example",
                           "all/8",
                           "-",
                           "+-all",
                           "--all",
                           "include",
                           "include:",
                           "exists",
                           "a/33",
                           "a//129",
                           "a/01",
                           "a/24/64",
                           "a/",
                           "a//",
                           "a:",
                           "ptr/0",
                           "ip4",
                           "ip4:",
                           "ip4:192.0.2",
                           "ip4:192.0.2.1/",
                           "ip4:192.0.2.1/33",
                           "ip4:192.0.2.01",
                           "ip4:2001:db8::1",
                           "ip6:192.0.2.1",
                           "ip6:2001:db8::1/129",
                           "ip4:192.0.2.1/4294967328",
                           "=x",
                           "1x=y",
                           "exp=",
                           "redirect=org",
                           "x=%",
                           "a\tmx"})
    CHECK_MESSAGE(!error(std::string("v=spf1 ") + term).empty(), term);
}

TEST_CASE("names are read in any case, spaces may be many, unknown modifiers are passed over") {
  const auto record =
      spf::parse_record("v=spf1  MX/24//64   ~Ip4:192.0.2.0/24 x-y.z=%{d} EXP=why.%{d}  ?aLL ");
  REQUIRE(record);
  REQUIRE(record->mechanisms.size() == 3);
  CHECK(record->mechanisms[0].prefix4 == 24);
  CHECK(record->mechanisms[0].prefix6 == 64);
  CHECK(record->mechanisms[1].outcome == spf::Outcome::softfail);
  CHECK(record->mechanisms[2].outcome == spf::Outcome::neutral);
  CHECK(record->exp);
  CHECK_FALSE(record->redirect);
}

TEST_CASE("a network covers its own family only, to the bit") {
  CHECK(covers("ip4:192.0.2.0/25", "192.0.2.127"));
  CHECK_FALSE(covers("ip4:192.0.2.0/25", "192.0.2.128"));
  CHECK(covers("ip4:0.0.0.0/0", "192.0.2.1"));
  CHECK_FALSE(covers("ip4:0.0.0.0/0", "2001:db8::1"));
  CHECK(covers("ip6:2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(covers("ip6:2001:db8::/33", "2001:db8:8000::1"));
  CHECK(covers("ip6:::/0", "2001:db8::1"));
  CHECK_FALSE(covers("ip6:::/0", "192.0.2.1"));
  CHECK_FALSE(covers("ip6:::ffff:192.0.2.1", "192.0.2.1"));
  CHECK(covers("ip4:192.0.2.1", "::ffff:192.0.2.1"));
}

TEST_CASE("a record that is too long is refused") {
  std::string text = "v=spf1";
  while (text.size() <= spf::max_record) text += " ip4:192.0.2.1";
  CHECK(error(text) == "longer than 8192 octets");
}
