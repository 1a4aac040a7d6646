#include "deploy/futar/render/dkim.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace futar::deploy;
using nlohmann::json;

namespace {

json selector(const char* name, const char* state, int queued = 0) {
  return {{"domain", "example.org"},
          {"selector", name},
          {"type", "rsa"},
          {"state", state},
          {"since", "2026-11-24T14:00:00.000Z"},
          {"seen", "2 name servers show it"},
          {"name", std::string(name) + "._domainkey.example.org"},
          {"record", "v=DKIM1; k=rsa; p=" + std::string(300, 'A')},
          {"queued", queued}};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a new key is shown with what to publish, in strings of 255 octets; one that signs without") {
  json fresh = selector("b", "new");
  fresh["seen"] = "";
  const std::string text = dkim_in_words({{"selectors", {selector("a", "active"), fresh}}, {"asked", true}});
  CHECK(text.starts_with("example.org\n  a           rsa      active since "));
  CHECK(has(text, "; 2 name servers show it\n"));
  CHECK(has(text, "does not sign: the DNS has not been asked yet\n              publish:\n"));
  CHECK(has(text, "\nb._domainkey.example.org. 3600 IN TXT \"v=DKIM1; k=rsa; p=" + std::string(237, 'A') +
                      "\" \"" + std::string(63, 'A') + "\"\n"));
  CHECK_FALSE(has(text, "a._domainkey"));
}

TEST_CASE("an old key says whether it may leave the DNS") {
  const auto of = [](int queued) {
    return dkim_in_words({{"selectors", {selector("a", "old", queued)}}, {"asked", true}});
  };
  CHECK(has(of(3), "leave it in the DNS: 3 queued messages still carry it\n"));
  CHECK(has(of(1), "leave it in the DNS: 1 queued message still carries it\n"));
  CHECK(has(of(0), "safe to remove from the DNS; then futar dkim retire example.org a\n"));
}

TEST_CASE("a key whose domain was removed says so, and when it may leave the DNS") {
  const auto told = [](int queued) {
    return dkim_in_words({{"selectors", {selector("20261124r", "removed", queued)}}, {"asked", true}});
  };
  CHECK(told(1).contains("does not sign: its domain was removed here"));
  CHECK(told(1).contains("leave it in the DNS: 1 queued message still carries it"));
  CHECK(told(0).contains("safe to remove from the DNS; then futar dkim retire example.org 20261124r"));
}

TEST_CASE("no keys, and a DNS that does not answer, are said") {
  CHECK(dkim_in_words({{"selectors", json::array()}, {"asked", true}}) == "no DKIM keys\n");
  CHECK(has(dkim_in_words({{"selectors", json::array()}, {"asked", false}}), "has not answered in time"));
}
