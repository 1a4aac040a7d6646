// Reports of others about our domains, as mta.db keeps them.
#pragma once
#include <string>
#include <vector>

#include "common/store/database.h"

namespace futar::mta {

/// What one report says of one domain of ours.
struct KeptReport {
  enum class Kind : uint8_t { tls, dmarc } kind = Kind::dmarc;
  std::string organisation, id;  ///< who reports, and its own name for it
  std::string domain;
  int64_t begin_s = 0, end_s = 0;  ///< since 1970
  int64_t received_ms = 0;
  uint64_t successes = 0, failures = 0;  ///< messages (DMARC) or sessions (TLS)
  std::string details;                   ///< JSON (summary.h)
  bool operator==(const KeptReport&) const = default;
};

constexpr int64_t max_reports = 10'000;
constexpr int64_t report_kept_ms = 400LL * 24 * 3600 * 1000;

/// If they are not there. They belong to no version of the queue's schema.
Result<void> create_report_tables(store::Database& database);

/// False: it was here before. The oldest beyond `limit`, and what is older than report_kept_ms, go.
Result<bool> add_report(store::Database& database, const KeptReport& report, int64_t limit = max_reports);

/// Those that cover a time after `since_s`, the last day first; "" = of all domains.
Result<std::vector<KeptReport>> find_reports(store::Database& database, KeptReport::Kind kind,
                                             const std::string& domain, int64_t since_s, int64_t limit);

}  // namespace futar::mta
