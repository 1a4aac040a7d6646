// A report as it is kept: sums, and the details that an operator acts on. Pure.
#pragma once
#include <vector>

#include "common/reports/report_mail.h"
#include "mta/reports/report_store.h"

namespace futar::mta {

/// Entries of `details`: alike joined, failures first, then the most frequent.
constexpr size_t max_details = 30;

/// One for each domain of the report. Details of DMARC: {"policy": "reject", "sources": [{"count", "pass",
/// "source", "from", "spf", "dkim", "done", "reason"}], "left_out"}; of TLS: {"policies": ["sts"],
/// "failures": [{"count", "result", "source", "host", "reason"}], "left_out"}. left_out: how many messages or
/// sessions those entries had that are not kept.
std::vector<KeptReport> summarise(const reports::Report& report, int64_t received_ms);

}  // namespace futar::mta
