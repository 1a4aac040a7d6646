#include "common/reports/report_mail.h"

#include <doctest/doctest.h>

#include "common/base/text.h"
#include "tests/common/reports/packing.h"

using namespace futar;
using reports::read_report;

namespace {

const std::string xml =
    "<feedback><report_metadata><org_name>r</org_name><report_id>1</report_id><date_range><begin>1</"
    "begin><end>2</end>"
    "</date_range></report_metadata><policy_published><domain>example.org</domain></policy_published></"
    "feedback>";
const std::string json =
    R"({"organization-name": "r", "report-id": "1", "date-range": {"start-datetime": "2016-04-01T00:00:00Z",)"
    R"("end-datetime": "2016-04-01T23:59:59Z"}})";

std::string part(const std::string& type, const std::string& octets) {
  std::string lines;
  const std::string encoded = base64_encode(octets);
  for (size_t at = 0; at < encoded.size(); at += 76) lines += encoded.substr(at, 76) + "\r\n";
  return "Content-Type: " + type + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines;
}

/// 'D'MARC, 'T'LS or the error.
std::string kind(std::string_view header, std::string_view body) {
  const auto report = read_report(header, body);
  if (!report) return report.error().text;
  return std::holds_alternative<reports::Aggregate>(*report) ? "D" : "T";
}
std::string kind(const std::string& whole) {
  const auto end = whole.find("\r\n\r\n") + 4;
  return kind(whole.substr(0, end), whole.substr(end));
}
std::string kind_in_multipart(const std::string& attachment) {
  return kind("Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=\"=_b\"\r\n\r\n",
              "--=_b\r\n\r\nThis is a report for {you}.\r\n--=_b\r\n" + attachment + "\r\n--=_b--\r\n");
}

}  // namespace

TEST_CASE("a report is found where reporters put it") {
  CHECK(kind(part("application/zip; name=\"a!b!1!2.zip\"", zip({{"a.xml", xml}}))) == "D");
  CHECK(kind(part("application/gzip", gzip(xml))) == "D");
  CHECK(kind_in_multipart(part("application/gzip", gzip(xml))) == "D");
  CHECK(kind_in_multipart(part("application/octet-stream", gzip(xml))) == "D");
  CHECK(kind_in_multipart(part("text/xml", xml)) == "D");
  CHECK(kind_in_multipart(part("application/xml", "\xEF\xBB\xBF" + xml)) == "D");
  CHECK(kind_in_multipart(part("application/tlsrpt+gzip", gzip(json))) == "T");
  CHECK(kind_in_multipart(part("application/tlsrpt+json", json)) == "T");
  CHECK(kind_in_multipart(part("image/png", "not a picture") + "--=_b\r\n" +
                          part("application/gzip", gzip(xml))) == "D");
}

TEST_CASE("a message without a report says so, one with a broken one says why") {
  CHECK(kind("Subject: x\r\n\r\n", "hello {}\r\n") == "the message holds no report");
  CHECK(kind_in_multipart(part("image/png", "x")) == "the message holds no report");
  CHECK(kind_in_multipart(part("application/gzip", gzip(xml).substr(0, 50))) ==
        "the attachment cannot be unpacked: it ends in the middle");
  CHECK(kind_in_multipart(part("application/gzip", gzip("<html/>"))) ==
        "no DMARC report: its first element is not <feedback>");
  CHECK(kind_in_multipart(part("application/gzip", gzip(std::string(64 << 20, ' '))))
            .ends_with("more than 10485760 octets"));
}

TEST_CASE("of many attachments only three are unpacked") {
  std::string many;
  for (int i = 0; i < 3; ++i) many += part("application/gzip", gzip("<html/>")) + "--=_b\r\n";
  CHECK(kind_in_multipart(many + part("application/gzip", gzip(xml))) ==
        "no DMARC report: its first element is not <feedback>");
}
