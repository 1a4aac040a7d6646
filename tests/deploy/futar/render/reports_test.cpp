#include "deploy/futar/render/reports.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace futar::deploy;
using nlohmann::json;

namespace {

json source(const char* address, uint64_t count, bool pass) {
  return {{"source", address},
          {"count", count},
          {"pass", pass},
          {"from", "one.example"},
          {"spf", "pass mailer.example"},
          {"dkim", ""},
          {"done", pass ? "none" : "reject"},
          {"reason", ""}};
}

json report(const char* reporter, const char* end, uint64_t good, uint64_t bad, json details) {
  return {{"organisation", reporter},
          {"id", "1"},
          {"domain", "one.example"},
          {"begin", "2026-11-23T00:00:00.000Z"},
          {"end", end},
          {"successes", good},
          {"failures", bad},
          {"details", details}};
}

}  // namespace

TEST_CASE("DMARC reports are summed, listed, and what fails is joined by source") {
  const json answer = {
      {"reports",
       {report("google.example", "2026-11-23T23:59:59.000Z", 25, 3,
               {{"sources", {source("192.0.2.9", 3, false), source("192.0.2.1", 25, true)}}}),
        report("Some \x1B[1m body", "2026-11-24T00:00:00.000Z", 1, 5,
               {{"sources", {source("192.0.2.9", 1, false), source("192.0.2.7", 4, false)}}})}},
      {"more", false}};
  CHECK(dmarc_in_words(answer) ==
        "Mail in our name, by 2 reports: 26 messages pass DMARC, 8 fail.\n"
        "\n"
        "domain       day                       reporter        pass  fail\n"
        "one.example  2026-11-23                google.example  25    3\n"
        "one.example  2026-11-23 to 2026-11-24  Some ?[1m body  1     5\n"
        "\n"
        "What fails, with what SPF and DKIM said of domains other than From's:\n"
        "messages  domain       source     From         SPF                  DKIM  done    reason\n"
        "4         one.example  192.0.2.7  one.example  pass mailer.example  -     reject  -\n"
        "4         one.example  192.0.2.9  one.example  pass mailer.example  -     reject  -\n");
  CHECK(dmarc_in_words({{"reports", json::array()}}) == "No DMARC report came for this time.\n");
}

TEST_CASE("details that are damaged are passed over, and long lists end") {
  CHECK(
      dmarc_in_words({{"reports", {report("g", "2026-11-23T23:59:59.000Z", 1, 0, nullptr)}}, {"more", true}})
          .starts_with("Mail in our name, by the newest 1 report: 1 message pass DMARC, 0 fail.\n"));
  json sources = json::array();
  for (int i = 0; i < 60; ++i) sources.push_back(source(("192.0.2." + std::to_string(i)).c_str(), 2, false));
  CHECK(
      dmarc_in_words({{"reports", {report("g", "2026-11-23T23:59:59.000Z", 0, 120, {{"sources", sources}})}}})
          .ends_with("and 20 messages in further lines: see --json\n"));
}

TEST_CASE("TLS reports: how others fared with us, and we with them") {
  const json failure = {{"count", 3},
                        {"result", "certificate-expired"},
                        {"source", "192.0.2.9"},
                        {"host", "mx.one.example"},
                        {"reason", ""}};
  const json answer = {
      {"reports",
       {report("google.example", "2026-11-23T23:59:59.000Z", 40, 3,
               {{"policies", {"sts", "tlsa"}}, {"failures", {failure}}})}},
      {"sent",
       {{{"domain", "far.example"}, {"policy", "sts"}, {"result", "success"}, {"sessions", 7}},
        {{"domain", "far.example"},
         {"policy", "sts"},
         {"result", "certificate-host-mismatch"},
         {"sessions", 1}}}}};
  CHECK(tls_reports_in_words(answer) ==
        "Others to us, by 1 report: 40 sessions with TLS, 3 failed.\n"
        "\n"
        "domain       day         reporter        policy     good  failed\n"
        "one.example  2026-11-23  google.example  sts, tlsa  40    3\n"
        "\n"
        "What failed:\n"
        "sessions  domain       result               from       to              reason\n"
        "3         one.example  certificate-expired  192.0.2.9  mx.one.example  -\n"
        "\n"
        "We to others:\n"
        "sessions  domain       policy  result\n"
        "7         far.example  sts     success\n"
        "1         far.example  sts     certificate-host-mismatch\n");
  CHECK(tls_reports_in_words({{"reports", json::array()}, {"sent", json::array()}}) ==
        "No report of others about TLS came for this time.\n\nWe had no session to others in this time.\n");
}
