#include "common/dns/rdata.h"

#include <doctest/doctest.h>

#include "tests/fakes/resolver.h"

using namespace futar;
using namespace futar::dns;
using namespace std::string_literals;

TEST_CASE("records are read in wire form") {
  const auto mx = parse_mx("\0\x0a\2mx\7EXAMPLE\3org\0"s);
  REQUIRE(mx);
  CHECK(mx->preference == 10);
  CHECK(mx->host == "mx.example.org");
  CHECK(parse_address("\xc0\0\2\1"s)->text() == "192.0.2.1");
  CHECK(parse_address("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s)->text() == "2001:db8::1");
  CHECK(*parse_name("\1a\5b-c_d\0"s) == "a.b-c_d");
  const auto tlsa = parse_tlsa("\3\1\1\xff\0\xee"s);
  REQUIRE(tlsa);
  CHECK(tlsa->usage == 3);
  CHECK(tlsa->selector == 1);
  CHECK(tlsa->matching == 1);
  CHECK(tlsa->data == "\xff\0\xee"s);
  const auto srv = parse_srv("\0\1\0\2\2\x4b\1h\0"s);
  REQUIRE(srv);
  CHECK(srv->priority == 1);
  CHECK(srv->weight == 2);
  CHECK(srv->port == 587);
  CHECK(srv->target == "h");
}

TEST_CASE("the root as the host of an MX is the empty name: a null MX") {
  const auto mx = parse_mx("\0\0\0"s);
  REQUIRE(mx);
  CHECK(mx->host.empty());
}

TEST_CASE("the strings of a TXT record are joined without anything between them") {
  CHECK(*parse_txt("\6v=spf1\5 -all"s) == "v=spf1 -all");
  CHECK(*parse_txt("\0"s) == "");
  CHECK(*parse_txt("\1a\0\1b"s) == "ab");
}

TEST_CASE("a record that is cut or has something behind it is refused") {
  const struct {
    const char* type;
    std::string rdata;
    bool (*good)(std::string_view);
    bool last_field_may_end_anywhere;
  } rows[] = {
      {"MX", "\0\x0a\2mx\7example\0"s, [](std::string_view r) { return parse_mx(r).has_value(); }, false},
      {"A", "\xc0\0\2\1"s, [](std::string_view r) { return parse_address(r).has_value(); }, false},
      {"TXT", "\5v=spf"s, [](std::string_view r) { return parse_txt(r).has_value(); }, false},
      {"PTR", "\2mx\7example\0"s, [](std::string_view r) { return parse_name(r).has_value(); }, false},
      {"TLSA", "\3\1\1"s, [](std::string_view r) { return parse_tlsa(r).has_value(); }, true},
      {"SRV", "\0\1\0\2\2\x4b\1h\0"s, [](std::string_view r) { return parse_srv(r).has_value(); }, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.type);
    CHECK(row.good(row.rdata));
    for (size_t size = 0; size < row.rdata.size(); ++size) CHECK_FALSE(row.good(row.rdata.substr(0, size)));
    if (!row.last_field_may_end_anywhere) CHECK_FALSE(row.good(row.rdata + "x"));
  }
}

TEST_CASE("names that are too long, compressed, or would speak in our voice are refused") {
  const auto label = [](const std::string& text) {
    return std::string(1, static_cast<char>(text.size())) + text;
  };
  const std::string longest = label(std::string(63, 'a'));
  CHECK(parse_name(longest + "\0"s));
  CHECK_FALSE(parse_name("\x40"s + std::string(64, 'a') + "\0"s));
  CHECK_FALSE(parse_name("\xc0\x0c"s));
  CHECK(parse_name(longest + longest + longest + label(std::string(61, 'a')) + "\0"s));        // 255 octets
  CHECK_FALSE(parse_name(longest + longest + longest + label(std::string(62, 'a')) + "\0"s));  // 256
  for (const char* bad : {"a.b", "a b", "a\r\nb", "a(b", "\"", "a\\", "\xc3\xa9", "*", "a;b"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_name(label(bad) + "\0"s));
  }
  CHECK_FALSE(parse_name(label("a\0b"s) + "\0"s));
  CHECK(*parse_name(label("0/25") + label("2") + "\0"s) == "0/25.2");  // RFC 2317
}

TEST_CASE("the reverse name of an address") {
  CHECK(reverse_name(*net::IpAddress::parse("192.0.2.1")) == "1.2.0.192.in-addr.arpa");
  CHECK(reverse_name(*net::IpAddress::parse("2001:db8::567:89ab")) ==
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST_CASE("what the fake resolver writes is what the parsers read") {
  CHECK(parse_mx(wire(Type::mx, "10 mx.example.org"))->host == "mx.example.org");
  CHECK(parse_mx(wire(Type::mx, "0 ."))->host.empty());
  CHECK(parse_address(wire(Type::a, "192.0.2.1"))->text() == "192.0.2.1");
  CHECK(parse_address(wire(Type::aaaa, "2001:db8::1"))->text() == "2001:db8::1");
  CHECK(*parse_name(wire(Type::ptr, "a.example.")) == "a.example");
  CHECK(*parse_txt(wire(Type::txt, std::string(600, 'x'))) == std::string(600, 'x'));
  CHECK(parse_tlsa(wire(Type::tlsa, "3 1 1 00ff"))->data == "\0\xff"s);
  CHECK(parse_srv(wire(Type::srv, "1 2 587 h.example"))->target == "h.example");
}
