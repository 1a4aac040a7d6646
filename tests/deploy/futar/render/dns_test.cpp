#include "deploy/futar/render/dns.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace futar::deploy;
using nlohmann::json;

namespace {

json record(const std::string& type, const std::string& name, const std::string& value,
            const std::string& level, const std::string& reason) {
  return {{"type", type}, {"name", name}, {"value", value}, {"level", level}, {"reason", reason}};
}

json with(json to, const json& finding) {
  to.update(finding);
  return to;
}

const json mx = record("MX", "example.org", "10 mail.example.org.", "required", "where mail goes");
const json spf = record("TXT", "example.org", "v=spf1 mx -all", "recommended", "who may send");

}  // namespace

TEST_CASE("records stand in a table, each with its reason below") {
  CHECK(dns_in_words({{"records", {mx, spf}}, {"notes", json::array({"no DKIM: there is no key yet"})}}) ==
        "required     MX   example.org  10 mail.example.org.\n"
        "             (where mail goes)\n"
        "recommended  TXT  example.org  v=spf1 mx -all\n"
        "             (who may send)\n"
        " ! no DKIM: there is no key yet\n");
}

TEST_CASE("records are lines of a zone file, with reasons and notes as comments") {
  CHECK(dns_as_zone({{"records", {mx, spf}}, {"notes", json::array({"no DKIM: there is no key yet"})}}) ==
        "; required: where mail goes\n"
        "example.org. 3600 IN MX 10 mail.example.org.\n"
        "; recommended: who may send\n"
        "example.org. 3600 IN TXT \"v=spf1 mx -all\"\n"
        "; no DKIM: there is no key yet\n");
}

TEST_CASE("a long text becomes strings of at most 255 octets, quotes and backslashes are escaped") {
  const auto zone =
      dns_as_zone({{"records", json::array({record("TXT", "a", std::string(300, 'x'), "required", "r")})}});
  CHECK(zone.ends_with("TXT \"" + std::string(255, 'x') + "\" \"" + std::string(45, 'x') + "\"\n"));
  CHECK(dns_as_zone({{"records", json::array({record("TXT", "a", R"(b"c\d)", "required", "r")})}})
            .ends_with("TXT \"b\\\"c\\\\d\"\n"));
}

TEST_CASE("the policy of MTA-STS stands below, with the place to serve it at") {
  CHECK(dns_as_zone({{"records", json::array()},
                     {"sts_policy", "version: STSv1\nmode: testing\n"},
                     {"sts_url", "https://mta-sts.example.org/.well-known/mta-sts.txt"}}) ==
        "; serve this as https://mta-sts.example.org/.well-known/mta-sts.txt\n"
        ";   version: STSv1\n"
        ";   mode: testing\n");
}

TEST_CASE("a check says what stands there, and below what is wrong what should") {
  const json answer = {{"records",
                        {with(mx, {{"state", "ok"}, {"found", "5 mail.example.org."}}),
                         with(spf, {{"state", "WRONG"},
                                    {"found", "v=spf1 a -all"},
                                    {"want", "v=spf1 a mx -all"},
                                    {"why", "we send from 198.51.100.7"}}),
                         with(spf, {{"state", "missing"}, {"found", ""}}),
                         with(mx, {{"state", "unknown"}, {"found", ""}, {"why", "SERVFAIL"}})}}};
  CHECK(dns_checked_in_words(answer) ==
        "ok       required     MX   example.org  5 mail.example.org.\n"
        "WRONG    recommended  TXT  example.org  v=spf1 a -all\n"
        "                      want  v=spf1 a mx -all  (we send from 198.51.100.7)\n"
        "missing  recommended  TXT  example.org  v=spf1 mx -all\n"
        "unknown  required     MX   example.org  SERVFAIL\n");
}

TEST_CASE("what should stand in the DNS is never cut") {
  const std::string key(3000, 'x');
  const json rows = json::array({record("TXT", "a", key, "required", "r"),
                                 with(spf, {{"state", "WRONG"}, {"found", "w"}, {"want", key}})});
  CHECK(dns_in_words({{"records", rows}}).contains(key));
  CHECK(dns_checked_in_words({{"records", rows}}).contains(key));
}

TEST_CASE("what others wrote is safe for a terminal") {
  const json answer = {
      {"records",
       json::array({with(spf, {{"state", "WRONG"}, {"found", "v=spf1 \x1b[2J"}, {"want", "w"}})})}};
  CHECK(!dns_checked_in_words(answer).contains('\x1b'));
}
