// A report from anybody, as a message, an attachment, XML and JSON: what is taken keeps to the limits and is
// safe to show.
#include <algorithm>
#include <cstdlib>

#include "common/message/mime.h"
#include "common/reports/report_mail.h"
#include "common/reports/unpack.h"

using namespace futar;

namespace {

void safe(const std::string& text) {
  if (text.size() > 600) std::abort();
  if (std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7F; })) std::abort();
}

void check(const reports::Aggregate& report) {
  safe(report.organisation + report.contact);
  if (report.id.empty() || report.domain.empty() || report.begin_s > report.end_s) std::abort();
  for (const auto& row : report.rows) {
    if (row.source == net::IpAddress()) std::abort();
    safe(row.header_from + row.envelope_from);
    for (const std::string& reason : row.reasons) safe(reason);
    for (const auto& checked : row.dkim) safe(checked.domain + checked.detail);
    for (const auto& checked : row.spf) safe(checked.domain + checked.result);
  }
}

void check(const reports::TlsReport& report) {
  safe(report.organisation + report.contact);
  if (report.id.empty() || report.begin_s > report.end_s) std::abort();
  for (const auto& policy : report.policies) {
    if (policy.domain.empty()) std::abort();
    for (const auto& failure : policy.details) safe(failure.result + failure.receiving_host);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find("\r\n\r\n");
  const std::string_view header = text.substr(0, end == std::string_view::npos ? 0 : end + 4);
  const std::string_view body = text.substr(header.size());
  const auto parts = message::parts_of(header, body);
  if (parts.size() > message::max_mime_parts) std::abort();
  for (const auto& part : parts)
    if (message::decode(part).size() > 2 * part.content.size()) std::abort();
  if (const auto report = reports::read_report(header, body))
    std::visit([](const auto& found) { check(found); }, *report);
  constexpr size_t limit = 64 << 10;
  if (const auto unpacked = reports::unpack(text, limit); unpacked && unpacked->size() > limit) std::abort();
  if (const auto report = reports::parse_aggregate(text)) check(*report);
  if (const auto report = reports::parse_tls_report(text)) check(*report);
  return 0;
}
