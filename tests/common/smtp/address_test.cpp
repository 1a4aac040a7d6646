#include "common/smtp/address.h"

#include <doctest/doctest.h>

using namespace futar::smtp;

TEST_CASE("addresses that the grammar of RFC 5321 §4.1.2 has are read and written back") {
  struct Row {
    std::string_view text, local, domain, written;
  };
  const Row rows[] = {
      {"bob@example.org", "bob", "example.org", "bob@example.org"},
      {"Bob.Q+tag@Example.ORG", "Bob.Q+tag", "example.org", "Bob.Q+tag@example.org"},
      {"user%other.example@example.org", "user%other.example", "example.org",
       "user%other.example@example.org"},
      {"a!b!c@example.org", "a!b!c", "example.org", "a!b!c@example.org"},
      {"!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~", "example.org",
       "!#$%&'*+-/=?^_`{|}~@example.org"},
      {"\"Joe.\\\\Blow\"@example.org", "Joe.\\Blow", "example.org", "\"Joe.\\\\Blow\"@example.org"},
      {"\"a@b>c\"@example.org", "a@b>c", "example.org", "\"a@b>c\"@example.org"},
      {"\"q\\\"q\"@example.org", "q\"q", "example.org", "\"q\\\"q\"@example.org"},
      {"\"plain\"@example.org", "plain", "example.org", "plain@example.org"},
      {"\" \"@example.org", " ", "example.org", "\" \"@example.org"},
      {"a@localhost", "a", "localhost", "a@localhost"},
      {"a@x_y.example", "a", "x_y.example", "a@x_y.example"},
      {"a@[192.0.2.1]", "a", "[192.0.2.1]", "a@[192.0.2.1]"},
      {"a@[IPv6:2001:DB8::1]", "a", "[ipv6:2001:db8::1]", "a@[ipv6:2001:db8::1]"},
      {"用户@例え.example", "用户", "例え.example", "用户@例え.example"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto address = parse_address(row.text);
    REQUIRE(address);
    CHECK(address->local == row.local);
    CHECK(address->domain == row.domain);
    CHECK(address->text() == row.written);
    CHECK(parse_address(address->text()).value() == *address);
  }
}

TEST_CASE("what is no address is refused") {
  const std::string long_local(65, 'a'), long_label(64, 'a');
  const std::string rows[] = {"",
                              "bob",
                              "@example.org",
                              "bob@",
                              "a b@example.org",
                              ".a@example.org",
                              "a.@example.org",
                              "a..b@example.org",
                              "a@b@example.org",
                              "a@example..org",
                              "a@.example.org",
                              "a@example.org.",
                              "a@-example.org",
                              "a@example-.org",
                              "a@exam ple.org",
                              "a@exa(c)mple.org",
                              "a@[192.0.2]",
                              "a@[192.0.2.256]",
                              "a@[192.0.2.1",
                              "a@[IPv6:2001:db8::1::2]",
                              "a@[IPv6:192.0.2.1]",
                              "a@[x-tag:y]",
                              "a@[]",
                              "\"a@example.org",
                              "\"a\"b@example.org",
                              "\"\"@example.org",
                              "\"a\\",
                              "\"a\r\nb\"@example.org",
                              "a\r\n@example.org",
                              std::string("\"a\0b\"@example.org", 17),
                              std::string("a@[192.0.2.1\0]", 14),
                              "a@exam\x01ple.org",
                              "\xFF@example.org",
                              "a@\xC0\xAF.example",
                              "a\xC2\x9B@example.org",
                              long_local + "@example.org",
                              "a@" + long_label + ".org",
                              "@a.example,@b.example:bob@example.org",
                              "@a.example:bob@example.org"};
  for (const std::string& text : rows) {
    CAPTURE(text);
    CHECK_FALSE(parse_address(text));
  }
}

TEST_CASE("limits of RFC 5321 §4.5.3.1 are exact") {
  std::string domain = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." +
                       std::string(63, 'd');
  CHECK(domain.size() == 255);
  CHECK(parse_domain(domain));
  CHECK_FALSE(parse_domain(domain + "x"));
  CHECK_FALSE(parse_domain("a." + domain));
  CHECK(parse_address(std::string(64, 'a') + "@" + domain));
}

TEST_CASE("the null path and postmaster are written without a domain") {
  CHECK(Address{}.path() == "<>");
  CHECK(Address{}.is_null());
  CHECK(Address{"postmaster", ""}.path() == "<postmaster>");
  CHECK_FALSE(Address{"postmaster", ""}.is_null());
}

TEST_CASE("only UTF-8 addresses need SMTPUTF8") {
  CHECK(Address{"bob", "example.org"}.is_ascii());
  CHECK_FALSE(Address{"bób", "example.org"}.is_ascii());
  CHECK_FALSE(Address{"bob", "exämple.org"}.is_ascii());
}
