#include "common/config/host_url.h"

#include <doctest/doctest.h>

#include <tuple>

using namespace futar::config;

TEST_CASE("a mail server is a scheme, a host and a port that may be left out") {
  using enum HostUrl::Scheme;
  const std::tuple<std::string_view, HostUrl, std::string_view> rows[] = {
      {"smtp://mx.provider.example", {smtp, "mx.provider.example", 25}, "smtp://mx.provider.example:25"},
      {"smtp+tls://mx.provider.example",
       {smtp_tls, "mx.provider.example", 587},
       "smtp+tls://mx.provider.example:587"},
      {"smtps://MX.Provider.Example", {smtps, "mx.provider.example", 465}, "smtps://mx.provider.example:465"},
      {"SMTP://relay:2525", {smtp, "relay", 2525}, "smtp://relay:2525"},
      {"smtp://relay:25/", {smtp, "relay", 25}, "smtp://relay:25"},
      {"smtp://192.0.2.1", {smtp, "[192.0.2.1]", 25}, "smtp://192.0.2.1:25"},
      {"smtp://[2001:db8::1]", {smtp, "[ipv6:2001:db8::1]", 25}, "smtp://[2001:db8::1]:25"},
      {"smtps://[2001:DB8::1]:4650", {smtps, "[ipv6:2001:db8::1]", 4650}, "smtps://[2001:db8::1]:4650"},
  };
  for (const auto& [text, url, printed] : rows) {
    CAPTURE(text);
    const auto parsed = parse_host_url(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == url);
    CHECK(parsed->text() == printed);
    CHECK(*parse_host_url(printed) == url);
  }
}

TEST_CASE("what is no mail server is refused, in words") {
  for (std::string_view text : {"",
                                "mx.example",
                                "smtp:",
                                "smtp://",
                                "smtp:///",
                                "http://mx.example",
                                "lmtp://mx.example",
                                "smtp://mx.example:0",
                                "smtp://mx.example:65536",
                                "smtp://mx.example:",
                                "smtp://mx.example:x",
                                "smtp://2001:db8::1",
                                "smtp://[2001:db8::1",
                                "smtp://[192.0.2.1]",
                                "smtp://192.0.2",
                                "smtp://a b",
                                "smtp://a..b",
                                "smtp://-a",
                                "smtp://mx.example/path",
                                "smtp://[::1]x:25",
                                "smtp://b\xC3\xBC"
                                "cher.example"}) {
    CAPTURE(text);
    const auto parsed = parse_host_url(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().text.contains("is no mail server"));
  }
}

TEST_CASE("a login in the URL is refused without showing it") {
  for (std::string_view text : {"smtp://me@mx.example", "smtps://me:secret@mx.example:465"}) {
    const auto parsed = parse_host_url(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().text == "login and password do not belong into the URL of a mail server");
  }
}
