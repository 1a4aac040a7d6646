#include "mta/reports/report_store.h"

#include <doctest/doctest.h>

#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::mta;

namespace {

constexpr int64_t day_s = 86'400;

struct Tables {
  TempFolder folder;
  std::unique_ptr<store::Database> database =
      *store::Database::open(folder / "mta.db", store::Database::Mode::create);
  Tables() {
    REQUIRE(create_report_tables(*database));
    REQUIRE(create_report_tables(*database));  // as at the next start
  }
  bool add(const KeptReport& report, int64_t limit = max_reports) {
    const auto added = add_report(*database, report, limit);
    REQUIRE(added);
    return *added;
  }
  std::string ids(const std::string& domain = "", int64_t since_s = 0, int64_t limit = 100) {
    std::string text;
    for (const KeptReport& one : *find_reports(*database, KeptReport::Kind::dmarc, domain, since_s, limit))
      text += one.id + " ";
    return text;
  }
};

KeptReport report(const std::string& id, int64_t day = 1, const std::string& domain = "a.example") {
  return {KeptReport::Kind::dmarc, "google", id, domain, (day - 1) * day_s, day * day_s,
          day * day_s * 1000,      12,       3,  "{}"};
}

}  // namespace

TEST_CASE("a report is read as it was written, by kind, domain and time, the newest first") {
  Tables t;
  CHECK(t.add(report("1", 1)));
  CHECK(t.add(report("2", 2, "b.example")));
  CHECK(t.add(report("3", 3)));
  CHECK(find_reports(*t.database, KeptReport::Kind::dmarc, "b.example", 0, 9)->at(0) ==
        report("2", 2, "b.example"));
  CHECK(find_reports(*t.database, KeptReport::Kind::tls, "", 0, 9)->empty());
  CHECK(t.ids() == "3 2 1 ");
  CHECK(t.ids("a.example") == "3 1 ");
  CHECK(t.ids("", 2 * day_s) == "3 ");
  CHECK(t.ids("", 0, 2) == "3 2 ");
}

TEST_CASE("a repeat is no second row; the same id of another reporter, kind or domain is") {
  Tables t;
  CHECK(t.add(report("1")));
  KeptReport other = report("1");
  other.failures = 99;
  CHECK_FALSE(t.add(other));
  CHECK(find_reports(*t.database, KeptReport::Kind::dmarc, "", 0, 9)->at(0).failures == 3);
  other.organisation = "yahoo";
  CHECK(t.add(other));
  other.kind = KeptReport::Kind::tls;
  CHECK(t.add(other));
  CHECK(t.add(report("1", 1, "b.example")));
}

TEST_CASE("the newest stay, for 400 days") {
  Tables t;
  for (int i = 1; i <= 5; ++i) t.add(report(std::to_string(i), i), 3);
  CHECK(t.ids() == "5 4 3 ");
  t.add(report("6", 404));
  CHECK(t.ids() == "6 5 4 ");
  t.add(report("7", 1000));
  CHECK(t.ids() == "7 ");
}
