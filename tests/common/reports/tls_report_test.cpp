#include "common/reports/tls_report.h"

#include <doctest/doctest.h>

using namespace futar;
using reports::parse_tls_report;

namespace {

// RFC 8460 appendix B, with an end that covers a day.
const std::string example = R"({
  "organization-name": "Company-X",
  "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
  "contact-info": "sts-reporting@company-x.example",
  "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
  "policies": [{
    "policy": {"policy-type": "sts", "policy-string": ["version: STSv1", "mode: testing"],
               "policy-domain": "Company-Y.example", "mx-host": ["*.mail.company-y.example"]},
    "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
    "failure-details": [
      {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:0012::1",
       "receiving-mx-hostname": "mx1.mail.company-y.example", "failed-session-count": 100},
      {"result-type": "starttls-not-supported", "sending-mta-ip": "2001:db8:abcd:0013::1",
       "receiving-mx-hostname": "mx2.mail.company-y.example", "receiving-ip": "203.0.113.56",
       "failed-session-count": 200, "additional-information": "https://reports.company-x.example/report_info",
       "failure-reason-code": "no TLS"}]
  }]
})";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}
std::string why(std::string_view json) {
  const auto report = parse_tls_report(json);
  return report ? "a report" : report.error().text;
}

}  // namespace

TEST_CASE("the RFC's example of a TLS report is read whole") {
  const auto report = parse_tls_report(example);
  REQUIRE(report);
  CHECK(report->organisation == "Company-X");
  CHECK(report->contact == "sts-reporting@company-x.example");
  CHECK(report->id == "5065427c-23d3-47ca-b6e0-946ea0e8c4be");
  CHECK(report->begin_s == 1459468800);
  CHECK(report->end_s == 1459555199);
  REQUIRE(report->policies.size() == 1);
  const auto& policy = report->policies[0];
  CHECK(policy.type == "sts");
  CHECK(policy.domain == "company-y.example");
  CHECK(policy.successes == 5326);
  CHECK(policy.failures == 303);
  REQUIRE(policy.details.size() == 2);
  CHECK(policy.details[0].result == "certificate-expired");
  CHECK(policy.details[0].sessions == 100);
  CHECK(policy.details[1].sending_ip == "2001:db8:abcd:0013::1");
  CHECK(policy.details[1].receiving_host == "mx2.mail.company-y.example");
  CHECK(policy.details[1].receiving_ip == "203.0.113.56");
  CHECK(policy.details[1].reason == "no TLS");
}

TEST_CASE("times of a TLS report may have an offset or a fraction, others are none") {
  const auto begin = [](std::string_view time) {
    const auto report = parse_tls_report(replaced(example, "2016-04-01T00:00:00Z", time));
    return report ? report->begin_s : -1;
  };
  CHECK(begin("2016-04-01T02:00:00+02:00") == 1459468800);
  CHECK(begin("2016-03-31T18:30:00-05:30") == 1459468800);
  CHECK(begin("2016-04-01T00:00:00.123Z") == 1459468800);
  CHECK(begin("2016-13-01T00:00:00Z") == 0);
  CHECK(begin("2016-04-01 00:00:00Z") == 0);
  CHECK(begin("yesterday") == 0);
  CHECK(begin("2017-04-01T00:00:00Z") == -1);
}

TEST_CASE("a TLS report without what it is about is none") {
  CHECK(why(replaced(example, "organization-name", "x")) ==
        "no TLS report: it does not say who reports, or its id");
  CHECK(why(replaced(example, "end-datetime", "x")) == "no TLS report: it covers no time");
  CHECK(why(replaced(example, "Company-Y.example", "a b")) == "no TLS report: a policy names no domain");
  for (const char* none : {"", "{", "[]", "null", "{}", "7", "{\"policies\": \xFF}"})
    CHECK(why(none).starts_with("no TLS report: "));
  CHECK(why(replaced(example, "\"policies\"", "\"x\"")) == "a report");
}

TEST_CASE("values of another kind count as absent") {
  const auto report =
      parse_tls_report(replaced(replaced(example, "5326", "-1"), "\"certificate-expired\"", "[1]"));
  REQUIRE(report);
  CHECK(report->policies[0].successes == 0);
  CHECK(report->policies[0].details[0].result == "");
}

TEST_CASE("JSON that could hurt is not read") {
  const std::string told = "no TLS report: too deep or too many values";
  CHECK(why(std::string(5'000'000, '[')) == told);
  std::string wide = "[1";
  for (int i = 0; i < 600'000; ++i) wide += ",1";
  CHECK(why(wide + "]") == told);
  const auto report =
      parse_tls_report(replaced(example, "Company-X", "a\\u001b[1m\\nb" + std::string(1 << 20, 'x')));
  REQUIRE(report);
  CHECK(report->organisation.starts_with("a?[1m?b"));
  CHECK(report->organisation.size() < 260);
}
