#include "common/spf/macro.h"

#include <doctest/doctest.h>

using namespace futar;

namespace {

spf::MacroValues values(const char* client = "192.0.2.3") {
  spf::MacroValues values;
  values.sender = {"strong-bad", "email.example.com"};
  values.domain = "email.example.com";
  values.client = *net::IpAddress::parse(client);
  values.validated = "mx.example.org";
  values.helo = "mail.example.com";
  values.receiver = "mx.example.net";
  values.now_s = 1'764'000'000;
  return values;
}

std::string expanded(const std::string& text, const char* client = "192.0.2.3") {
  const auto string = spf::parse_explanation(text);
  if (!string) return "refused: " + string.error().text;
  return spf::expand(*string, values(client), 1000);
}

}  // namespace

TEST_CASE("macros expand as in the examples of RFC 7208 §7.4") {
  CHECK(expanded("%{s}") == "strong-bad@email.example.com");
  CHECK(expanded("%{o}") == "email.example.com");
  CHECK(expanded("%{d}") == "email.example.com");
  CHECK(expanded("%{d4}") == "email.example.com");
  CHECK(expanded("%{d2}") == "example.com");
  CHECK(expanded("%{d1}") == "com");
  CHECK(expanded("%{dr}") == "com.example.email");
  CHECK(expanded("%{d2r}") == "example.email");
  CHECK(expanded("%{l}") == "strong-bad");
  CHECK(expanded("%{l-}") == "strong.bad");
  CHECK(expanded("%{lr}") == "strong-bad");
  CHECK(expanded("%{lr-}") == "bad.strong");
  CHECK(expanded("%{l1r-}") == "strong");
  CHECK(expanded("%{ir}.%{v}._spf.%{d2}") == "3.2.0.192.in-addr._spf.example.com");
  CHECK(expanded("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}") == "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
  CHECK(expanded("%{d2}.trusted-domains.example.net") == "example.com.trusted-domains.example.net");
  CHECK(expanded("%{ir}.%{v}", "2001:db8::cb01") ==
        "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6");
}

TEST_CASE("an explanation may name client, receiver and time; a domain may not") {
  CHECK(expanded("%{c} at %{t} to %{r}, %{p}, %{h}") ==
        "192.0.2.3 at 1764000000 to mx.example.net, mx.example.org, mail.example.com");
  for (const char* text : {"%{c}.example.org", "%{r}.example.org", "%{t}.example.org"})
    CHECK_FALSE(spf::parse_domain_spec(text));
}

TEST_CASE("a capital letter escapes what a URL may not hold") {
  auto odd = values();
  odd.sender.local = "a b&c~d/\xC3\xA9";
  CHECK(spf::expand(*spf::parse_explanation("%{L}"), odd, 1000) == "a%20b%26c~d%2F%C3%A9");
}

TEST_CASE("broken macros are refused, also those that broke others") {
  for (const char* text : {"%", "%{", "%{}", "%{d", "%{x}", "%{d0}", "%{d00r}", "%{dr2}", "%{d!}", "%(d)",
                           "%{ d}", "%{d2rr}", "a%", "%{d}%"})
    CHECK_MESSAGE(expanded(text).starts_with("refused"), text);
  CHECK(expanded("%{i100r}") == "3.2.0.192");
  CHECK(expanded("%{d99999999999999999999r}") == "com.example.email");
  CHECK(expanded("%{d2.-+,/_=}") == "example.com");
  CHECK(expanded("%%%_%-") == "% %20");
}

TEST_CASE("what grows beyond the limit is nothing") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "%{S}";
  CHECK(expanded(text).empty());
}

TEST_CASE("a domain ends in a macro or in a top label that is not all digits") {
  for (const char* text :
       {"example.org", "example.org.", "%{d}", "a.%{d}", "x%{d}", "a.b-c", "foo:bar/baz.example", "a%%"})
    CHECK_MESSAGE(spf::parse_domain_spec(text), text);
  for (const char* text : {"", "org", "org.", "1.2.3.4", "a.-b", "a.b-", "%{d}org", "%{d.}org", "a}",
                           "a b.org", "a.b\x7f", "\xC3\xA9.org", "a.org\t"})
    CHECK_MESSAGE(!spf::parse_domain_spec(text), text);
}
