#include "common/net/address.h"

#include <doctest/doctest.h>

using namespace futar::net;

TEST_CASE("addresses are printed in the shortest form and as SMTP literals") {
  struct {
    const char *in, *text, *literal;
  } rows[] = {
      {"192.0.2.1", "192.0.2.1", "[192.0.2.1]"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", "[IPv6:2001:db8::1]"},
      {"::ffff:192.0.2.1", "192.0.2.1", "[192.0.2.1]"},
      {"::", "::", "[IPv6:::]"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto address = IpAddress::parse(row.in);
    REQUIRE(address);
    CHECK(address->text() == row.text);
    CHECK(address->literal() == row.literal);
  }
}

TEST_CASE("what is no IP address is refused") {
  for (const char* text :
       {"", "192.0.2", "192.0.2.256", "192.0.02.1 ", "[::1]", "::1%lo", "host", "1.2.3.4/8"}) {
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
}

TEST_CASE("loopback is 127/8 and ::1") {
  CHECK(IpAddress::parse("127.0.0.1")->is_loopback());
  CHECK(IpAddress::parse("127.9.9.9")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK(IpAddress::parse("::ffff:127.0.0.1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("::2")->is_loopback());
  CHECK_FALSE(IpAddress::parse("1::1")->is_loopback());
  CHECK_FALSE(IpAddress().is_loopback());
}

TEST_CASE("a network contains the addresses that share its prefix") {
  struct {
    const char *network, *address;
    bool inside;
  } rows[] = {
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.128", true},
      {"0.0.0.0/0", "203.0.113.1", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::", false},
      {"::/0", "::1", true},
      {"127.0.0.0/8", "::ffff:127.0.0.1", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.network);
    CAPTURE(row.address);
    CHECK(Network::parse(row.network)->contains(*IpAddress::parse(row.address)) == row.inside);
  }
  CHECK_FALSE(Network::parse("0.0.0.0/0")->contains(IpAddress()));
}

TEST_CASE("a network with a wrong prefix or host bits is refused") {
  for (const char* text :
       {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.1/24", "::1/64", "::/129", "/8"}) {
    CAPTURE(text);
    CHECK_FALSE(Network::parse(text));
  }
}

TEST_CASE("an endpoint is an address and a port, IPv6 in brackets") {
  CHECK(Endpoint::parse("192.0.2.1:25")->text() == "192.0.2.1:25");
  CHECK(Endpoint::parse("[2001:db8::1]:65535")->text() == "[2001:db8::1]:65535");
  for (const char* text : {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "2001:db8::1:25", "[192.0.2.1]:25",
                           "[]:25", ":25", "host:25", "[::1]25"}) {
    CAPTURE(text);
    CHECK_FALSE(Endpoint::parse(text));
  }
  CHECK(Endpoint().text() == "unix");
}
