// A message that brings a report, to the report: RFC 7489 §7.2.1.1, RFC 8460 §5.3.
#pragma once
#include <string_view>
#include <variant>

#include "common/base/result.h"
#include "common/reports/aggregate.h"
#include "common/reports/tls_report.h"

namespace futar::reports {

using Report = std::variant<Aggregate, TlsReport>;

/// The first attachment that is a report. Its octets decide, not its label, since many reporters label
/// badly: gzip or zip, or XML or JSON as it is. Whether the reporter may be believed is the caller's
/// question.
Result<Report> read_report(std::string_view header, std::string_view body);

}  // namespace futar::reports
