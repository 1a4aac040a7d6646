#include "common/dkim/signature.h"

#include <doctest/doctest.h>

#include "common/base/text.h"
#include "common/dkim/tags.h"

using namespace futar;
using namespace futar::dkim;

namespace {

// A good signature, with one tag replaced, or taken out ("").
std::string with(const std::string& tag, const std::string& text) {
  std::string out;
  for (const char* own : {"v=1", "a=rsa-sha256", "d=Example.ORG", "s=s1", "h=from : to", "bh=AAAA", "b=AAAA"})
    if (!std::string_view(own).starts_with(tag + "=")) out += std::string(own) + "; ";
  return out + text;
}

std::string error(const std::string& value) { return parse_signature(value).error; }

}  // namespace

TEST_CASE("tags may be folded and spaced") {
  const std::string text = " v = 1;a=x\r\n\ty ;\r\n b=\r\n  AA\r\n  AA;";
  const auto tags = TagList::parse(text);
  REQUIRE(tags);
  CHECK(tags->get("v") == "1");
  CHECK(tags->get("a") == "x\r\n\ty");
  CHECK(decode_folded(*tags->get("b")) == std::string(3, '\0'));
  CHECK_FALSE(tags->get("c"));
}

TEST_CASE("what two readers could read in two ways is no list of tags") {
  for (const char* bad :
       {"v=1; v=1", "d=a; D=b", "v", "=1", "v=1;;a=b", "1v=1", "v=\x01", "v=\xc3\xa9", "v 1=2"}) {
    CAPTURE(bad);
    CHECK_FALSE(TagList::parse(bad));
  }
}

TEST_CASE("only the value of b= is taken out for signing, whatever white space stands about") {
  CHECK(without_signature("DKIM-Signature: a=b; bh=Q; b=AB\r\n\tCD; d=b\r\n") ==
        "DKIM-Signature: a=b; bh=Q; b=; d=b\r\n");
  CHECK(without_signature("DKIM-Signature: b\r\n\t= AB\r\n CD \r\n") == "DKIM-Signature: b\r\n\t=\r\n");
  CHECK(without_signature("b=1: xb=1; b=2") == "b=1: xb=1; b=");
}

TEST_CASE("a signature is read as a value") {
  const auto [s, why] =
      parse_signature(with("c", "c=relaxed; i=a@Sub.example.org; l=7; t=1; x=2; q=dns/txt"));
  CHECK(why == "");
  CHECK(s.domain == "example.org");
  CHECK(s.key_name() == "s1._domainkey.example.org");
  CHECK(s.names == std::vector<std::string>{"from", "to"});
  CHECK(s.canons == Canons{Canon::relaxed, Canon::simple});
  CHECK(s.length == 7);
  CHECK(s.expires_s == 2);
  CHECK(s.start == "AAAA");
}

TEST_CASE("what RFC 6376 does not allow is told, and who signed is told all the same") {
  const struct {
    const char *tag, *text;
  } rows[] = {
      {"v", ""},
      {"v", "v=2"},
      {"a", ""},
      {"a", "a=rsa-md5"},
      {"h", ""},
      {"h", "h=to"},
      {"h", "h=from::to"},
      {"h", "h=from:t o"},
      {"bh", ""},
      {"bh", "bh="},
      {"bh", "bh=?"},
      {"b", ""},
      {"b", "b="},
      {"b", "b=A A?="},
      {"i", "i=a@else.example"},
      {"i", "i=example.org"},
      {"i", "i=a@badexample.org"},
      {"l", "l=-1"},
      {"l", "l="},
      {"l", "l=99999999999999999999999"},
      {"x", "t=2; x=2"},
      {"x", "x=soon"},
      {"t", "t=1234567890123"},
      {"c", "c=none"},
      {"q", "q=carrier/pigeon"},
      {"z", "b=AAAA"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.tag);
    CAPTURE(row.text);
    const auto [s, why] = parse_signature(with(row.tag, row.text));
    CHECK(why != "");
    if (std::string_view(row.tag) != "z") CHECK(s.key_name() == "s1._domainkey.example.org");
  }
}

TEST_CASE("a domain that could speak in our voice is none (CVE-2020-12272)") {
  for (const char* bad : {"", "a b.example", "a(b.example", "a\"b.example", "a..b", ".a", "a.", "a;b",
                          "\xc3\xa9.example", "a.example\r\n x", "a/b.example"}) {
    CAPTURE(bad);
    const auto [s, why] = parse_signature(with("d", std::string("d=") + bad));
    CHECK(why != "");
    CHECK(std::ranges::all_of(s.domain, [](char c) { return c > ' ' && c != '(' && c != '"'; }));
    CHECK((s.domain.empty() || is_domain(s.domain)));
  }
  CHECK(error(with("s", "s=" + std::string(64, 'a'))) != "");
  std::string deep = "a";
  while (deep.size() < 250) deep += ".a";
  CHECK(error(with("s", "s=" + deep)) != "");
}

TEST_CASE("too many names in h= are refused before anybody sorts fields by them") {
  std::string names = "h=from";
  for (int n = 0; n < 300; ++n) names += ":x";
  CHECK(error(with("h", names)) == "h= names too many fields");
}
