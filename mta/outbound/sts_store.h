// MTA-STS policies and counts of TLS results, as mta.db keeps them.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "common/base/async.h"
#include "common/store/writer.h"
#include "mta/outbound/mta_sts.h"

namespace futar::mta {

/// If they are not there; before the first TlsPolicies. They belong to no version of the queue's schema.
Result<void> create_sts_tables(store::Database& database);

Result<std::optional<StsPolicy>> load_sts(store::Database& database, const std::string& domain);
/// Forgets on the way what has expired.
Result<void> save_sts(store::Database& database, const std::string& domain, const StsPolicy& policy,
                      int64_t now_ms);

/// What RFC 8460 §4 reports: how many sessions of a day (UTC, "2026-11-24") to a domain ended how, under
/// which type of policy.
struct TlsResult {
  std::string day, domain, policy_type, result;
  auto operator<=>(const TlsResult&) const = default;
};
using TlsResults = std::map<TlsResult, uint64_t>;
/// Adds; forgets what is older than 30 days.
Result<void> add_tls_results(store::Database& database, const TlsResults& results, int64_t now_ms);
Result<TlsResults> tls_results(store::Database& database, const std::string& day);

}  // namespace futar::mta
