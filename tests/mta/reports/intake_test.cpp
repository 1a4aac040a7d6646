#include "mta/reports/intake.h"

#include <doctest/doctest.h>

#include "common/directory/publisher.h"
#include "common/directory/records.h"
#include "common/net/loop.h"
#include "mta/reports/report_store.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"
#include "tests/mta/reports/reports_in.h"

using namespace futar;
using namespace futar::mta;

namespace {

const std::string packed_type = "application/gzip";

class Fixture {
 public:
  Fixture() {
    directory::Records records;
    REQUIRE(directory::add_domain(records, "futar.test"));
    records.generation = 1;
    REQUIRE(directory::publish(records, {folder.path()}));
    directory_ = *directory::Directory::open(folder.path(), "+");
    spool_ = *spool::Folder::open(folder / "spool", loop, workers);
    auto database = *store::Database::open(folder / "mta.db", store::Database::Mode::create);
    REQUIRE(create_report_tables(*database));
    writer_ =
        std::make_unique<store::Writer>(loop, std::move(database), [](Error error) { FAIL(error.text); });
    intake_ = std::make_unique<Intake>(loop, workers, *writer_, *spool_, clock,
                                       [this]() -> const directory::Directory& { return *directory_; });
  }

  /// As port 25 does: the body is gone when the report is parsed. Whether anything was kept to be parsed.
  bool receive(const std::string& header, const std::string& body, const std::string& to = "p@futar.test") {
    bool kept = false;
    run_task(loop,
             [](Fixture& f, const std::string& head, const std::string& octets, std::string rcpt,
                bool& out) -> Task<> {
               message::Envelope envelope;
               envelope.recipients.push_back({*smtp::parse_address(rcpt), {}});
               const MessageId id = MessageId::make(f.clock);
               spool::BodyWriter writer = f.spool_->begin(id.text());
               REQUIRE((co_await writer.append(octets)).has_value());
               const spool::Body stored = *(co_await writer.finish());
               auto arrived = co_await f.intake_->keep(id, envelope, head, stored);
               out = arrived.has_value();
               if (arrived) f.intake_->take(*std::move(arrived));
             }(*this, header, body, to, kept));
    REQUIRE(run_until(loop, [this] { return loop.running() <= 1; }));
    return kept;
  }
  std::vector<KeptReport> kept(KeptReport::Kind kind = KeptReport::Kind::dmarc) {
    return *find_reports(**store::Database::open(folder / "mta.db", store::Database::Mode::read), kind, "", 0,
                         100);
  }

 private:
  TempFolder folder;
  FakeClock clock;
  net::Loop loop;
  net::Workers workers{loop, 2, "test"};
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<spool::Folder> spool_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<Intake> intake_;
};

}  // namespace

TEST_CASE("a header tells whether a message may bring a report") {
  CHECK(
      may_be_report("Content-Type: multipart/report; report-type = \"tlsrpt\";\r\n\tboundary=\"x\"\r\n\r\n"));
  CHECK(may_be_report("content-type: Multipart/Report;\r\n report-type=TLSRPT\r\n\r\n"));
  for (const char* type : {"application/zip; name=x.zip", "application/gzip", "application/tlsrpt+gzip",
                           "application/tlsrpt+json", "APPLICATION/ZIP"})
    CHECK(may_be_report(report_header(type)));
  CHECK(
      may_be_report(report_header("multipart/mixed; boundary=x", "Report Domain: futar.test Submitter: g")));
  CHECK(
      may_be_report(report_header("multipart/mixed; boundary=x", "[Preview] Report\r\n domain: futar.test")));
  CHECK_FALSE(may_be_report("Content-Type: multipart/report; report-type=delivery-status\r\n\r\n"));
  CHECK_FALSE(may_be_report(report_header("multipart/mixed; boundary=x", "domain report")));
  CHECK_FALSE(may_be_report("Subject: hello\r\n\r\n"));
  CHECK_FALSE(may_be_report(""));
}

TEST_CASE("a report in a message to us becomes a row, a repeat none") {
  Fixture f;
  const std::string body = in_base64(gzip(dmarc_xml("futar.test", "1", dmarc_row("192.0.2.1", 20, "pass"))));
  CHECK(f.receive(report_header(packed_type), body));
  CHECK(f.receive(report_header(packed_type), body));
  REQUIRE(f.kept().size() == 1);
  CHECK(f.kept()[0].domain == "futar.test");
  CHECK(f.kept()[0].successes == 20);
  CHECK(f.receive(report_header("application/tlsrpt+gzip"),
                  in_base64(gzip(tls_json(tls_policy("futar.test"))))));
  CHECK(f.kept(KeptReport::Kind::tls).size() == 1);
}

TEST_CASE("a report that lies in a file of the spool becomes a row") {
  Fixture f;
  const std::string xml = dmarc_xml("futar.test", "1", "<!--" + std::string(200'000, 'x') + "-->");
  CHECK(f.receive(report_header("application/xml", "Report domain: futar.test"), in_base64(xml)));
  CHECK(f.kept().size() == 1);
}

TEST_CASE("damage, bombs and reports about others leave no row") {
  Fixture f;
  const std::string header = report_header(packed_type);
  CHECK(f.receive(header, "garbage\r\n"));
  CHECK(f.receive(header, in_base64(gzip(dmarc_xml("futar.test")).substr(0, 60))));
  CHECK(f.receive(header, in_base64(gzip(std::string(64 << 20, ' ')))));
  CHECK(f.receive(header, in_base64(gzip(dmarc_xml("other.test")))));
  CHECK(f.receive(header, in_base64(gzip(tls_json(tls_policy("other.test"))))));
  CHECK(f.kept().empty());
  CHECK(f.kept(KeptReport::Kind::tls).empty());
  CHECK(f.receive(header,
                  in_base64(gzip(tls_json(tls_policy("other.test") + "," + tls_policy("futar.test"))))));
  CHECK(f.kept(KeptReport::Kind::tls).size() == 1);
}

TEST_CASE("what is no report, too large, or not for us is not even read") {
  Fixture f;
  const std::string body = in_base64(gzip(dmarc_xml("futar.test")));
  CHECK_FALSE(f.receive("Subject: hello\r\n\r\n", body));
  CHECK_FALSE(f.receive(report_header(packed_type), body, "a@other.test"));
  CHECK_FALSE(f.receive(report_header(packed_type), std::string((2 << 20) + 1, 'x')));
  CHECK(f.kept().empty());
}
