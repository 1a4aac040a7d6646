#include "common/dmarc/record.h"

#include <doctest/doctest.h>

using namespace futar;
using dmarc::Alignment;
using dmarc::Policy;

namespace {

dmarc::Record record(std::string_view txt) {
  const auto parsed = dmarc::parse_record(txt);
  INFO(txt);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("a DMARC record begins with its version, written just so") {
  for (const char* good : {"v=DMARC1; p=none", "v=DMARC1;p=none", "v = DMARC1 ; p=none", "v=DMARC1"})
    CHECK(dmarc::is_record(good));
  for (const char* bad : {"", "v=spf1", "v=DMARC2; p=none", "v=DMARC10; p=none", "v=dmarc1; p=none",
                          "V=DMARC1; p=none", " v=DMARC1; p=none", "p=none; v=DMARC1", "v=DMARC1 p=none"}) {
    CHECK_FALSE(dmarc::is_record(bad));
    CHECK_FALSE(dmarc::parse_record(bad));
  }
}

TEST_CASE("what a DMARC record leaves out has the default of the RFC") {
  const auto plain = record("v=DMARC1; p=reject");
  CHECK(plain.policy == Policy::reject);
  CHECK_FALSE(plain.subdomain_policy);
  CHECK(plain.dkim == Alignment::relaxed);
  CHECK(plain.spf == Alignment::relaxed);
  CHECK(plain.percent == 100);
  CHECK(plain.aggregate_reports.empty());
}

TEST_CASE("every tag of a DMARC record is read, in any case, with white space") {
  const auto full = record(
      "v=DMARC1; P=Quarantine ; sp=NONE; adkim=s; aspf = S; pct=25;rua=mailto:a@example.org!10m, "
      "mailto:b@example.net;"
      " ruf=mailto:c@example.org; fo=1; new=tag;");
  CHECK(full.policy == Policy::quarantine);
  CHECK(full.subdomain_policy == Policy::none);
  CHECK(full.dkim == Alignment::strict);
  CHECK(full.spf == Alignment::strict);
  CHECK(full.percent == 25);
  CHECK(full.aggregate_reports ==
        std::vector<dmarc::ReportUri>{{"mailto:a@example.org", 10u << 20}, {"mailto:b@example.net", 0}});
}

TEST_CASE("broken values of a DMARC record give way to the defaults") {
  for (const char* pct : {"101", "-1", "", "x", "1000", "5%"})
    CHECK(record("v=DMARC1; p=reject; pct=" + std::string(pct)).percent == 100);
  CHECK(record("v=DMARC1; p=reject; pct=0").percent == 0);
  CHECK(record("v=DMARC1; p=reject; adkim=x; aspf=").dkim == Alignment::relaxed);
  CHECK(record("v=DMARC1; p=reject; nonsense; =; ;;").policy == Policy::reject);
  CHECK(record("v=DMARC1; pct=50; p=reject").policy == Policy::reject);
  CHECK(record("v=DMARC1; p=reject; p=none; rua=a:b; rua=c:d").policy == Policy::reject);
}

TEST_CASE("a DMARC record without a usable policy counts as p=none only when it says where reports go") {
  for (const char* broken : {"p=rejct", "p=", "", "p=reject; sp=foo", "p=reject; sp="}) {
    const std::string txt = "v=DMARC1; " + std::string(broken);
    CHECK_FALSE(dmarc::parse_record(txt));
    CHECK_FALSE(dmarc::parse_record(txt + "; rua=not a uri"));
    CHECK_FALSE(dmarc::parse_record(txt + "; rua=mailto:a@b!10x"));
    const auto monitored = record(txt + "; rua=nonsense,mailto:a@example.org");
    CHECK(monitored.policy == Policy::none);
    CHECK_FALSE(monitored.subdomain_policy);
    CHECK(monitored.aggregate_reports.size() == 1);
  }
}

TEST_CASE("the size limit of a report address is bounded") {
  CHECK(record("v=DMARC1; p=none; rua=mailto:a@b!1T").aggregate_reports[0].limit == uint64_t{1} << 40);
  CHECK(record("v=DMARC1; p=none; rua=mailto:a@b!99999999999999999t").aggregate_reports.empty());
  CHECK(record("v=DMARC1; p=none; rua=mailto:a@b!").aggregate_reports.empty());
}
