#include "mta/reports/summary.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/mta/reports/reports_in.h"

using namespace futar;
using namespace futar::mta;
using nlohmann::json;

TEST_CASE("a DMARC report becomes sums and its sources, alike ones joined, failures first") {
  const auto report = reports::parse_aggregate(dmarc_xml("futar.test", "1",
                                                         dmarc_row("192.0.2.1", 20, "pass") +
                                                             dmarc_row("192.0.2.2", 3, "fail") +
                                                             dmarc_row("192.0.2.1", 5, "pass")));
  REQUIRE(report);
  const auto kept = summarise(*report, 77);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].kind == KeptReport::Kind::dmarc);
  CHECK(kept[0].organisation == "google.example");
  CHECK(kept[0].domain == "futar.test");
  CHECK(kept[0].begin_s == 1'795'392'000);
  CHECK(kept[0].received_ms == 77);
  CHECK(kept[0].successes == 25);
  CHECK(kept[0].failures == 3);
  const json details = json::parse(kept[0].details);
  CHECK(details["policy"] == "reject");
  CHECK(details["left_out"] == 0);
  REQUIRE(details["sources"].size() == 2);
  CHECK(details["sources"][0] == json{{"source", "192.0.2.2"},
                                      {"count", 3},
                                      {"pass", false},
                                      {"from", "futar.test"},
                                      {"spf", "pass mailer.example"},
                                      {"dkim", ""},
                                      {"done", "reject"},
                                      {"reason", ""}});
  CHECK(details["sources"][1]["count"] == 25);
}

TEST_CASE("of many sources the most frequent are kept, and how many messages the others sent") {
  std::string rows;
  for (int i = 1; i <= 40; ++i) rows += dmarc_row("192.0.2." + std::to_string(i), i, "fail");
  const json details =
      json::parse(summarise(*reports::parse_aggregate(dmarc_xml("futar.test", "1", rows)), 0)[0].details);
  REQUIRE(details["sources"].size() == max_details);
  CHECK(details["sources"][0]["count"] == 40);
  CHECK(details["left_out"] == 55);  // 1 + ... + 10
}

TEST_CASE("a TLS report becomes one for each of its domains") {
  const auto kept = summarise(
      *reports::parse_tls_report(tls_json(tls_policy("futar.test") + "," + tls_policy("other.test"))), 0);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].kind == KeptReport::Kind::tls);
  CHECK(kept[0].domain == "futar.test");
  CHECK(kept[1].domain == "other.test");
  CHECK(kept[0].successes == 40);
  CHECK(kept[0].failures == 3);
  const json details = json::parse(kept[0].details);
  CHECK(details["policies"] == json{"sts"});
  CHECK(details["failures"][0] == json{{"result", "certificate-expired"},
                                       {"count", 3},
                                       {"source", "192.0.2.9"},
                                       {"host", "mx.futar.test"},
                                       {"reason", "old"}});
}

TEST_CASE("what strangers write is cut, and stays JSON") {
  reports::TlsReport report;
  report.policies.push_back({"sts", "futar.test", 0, 1, {{std::string(255, '\xFF'), "", "", "", 1, "\""}}});
  const std::string details = summarise(report, 0)[0].details;
  CHECK(details.size() < 300);
  CHECK(json::accept(details));
}
