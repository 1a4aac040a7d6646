#include "mta/reports/report_store.h"
#include "tests/mta/inbound/inbound_fixture.h"
#include "tests/mta/reports/reports_in.h"

using namespace futar;
using namespace futar::mta;

TEST_CASE_FIXTURE(InboundFixture, "a report is delivered as any mail, and kept beside") {
  write([](store::Database& database) { return create_report_tables(database); });
  Intake intake(loop, *workers_, *writer_, *spool_, clock,
                [this]() -> const directory::Directory& { return *directory_; });
  inbound.reports = &intake;
  const auto kept = [this] {
    std::vector<KeptReport> found;
    look([&](store::Database& db) { found = *find_reports(db, KeptReport::Kind::dmarc, "", 0, 9); });
    return found;
  };
  const std::string type = "Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n";
  const std::string report = in_base64(gzip(dmarc_xml("futar.test", "1", dmarc_row("192.0.2.1", 2, "pass"))));
  CHECK(send("r@good.example", from("r@good.example") + type, report) == "250");
  CHECK(stored().contains("Content-Type: application/gzip"));
  REQUIRE(run_until(loop, [&] { return !kept().empty(); }));
  CHECK(kept()[0].successes == 2);

  CHECK(send("r@good.example", from("r@good.example") + type, "damaged\r\n") == "250");
  CHECK(stored().contains("Content-Type: application/gzip"));

  const std::string other = in_base64(gzip(dmarc_xml("futar.test", "2")));
  CHECK(send("ceo@bank.example", from("ceo@bank.example") + type, other).starts_with("550"));
  CHECK(send("r@good.example", from("r@good.example") + type, report) == "250");
  REQUIRE(run_until(loop, [this, running = loop.running()] { return loop.running() <= running; }));
  CHECK(kept().size() == 1);
}
