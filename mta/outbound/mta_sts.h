// MTA-STS (RFC 8461): the record, the policy, which MX it allows. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::mta {

struct StsPolicy {
  enum class Mode : uint8_t { none, testing, enforce };
  Mode mode = Mode::none;
  std::string id;               ///< of the TXT record it was fetched for
  std::vector<std::string> mx;  ///< patterns: "mx.example.org", "*.example.org"
  int64_t max_age_s = 0;
  int64_t fetched_ms = 0;
};

/// The id of "v=STSv1; id=...;"; an error when the text is no such record (§3.1).
Result<std::string> parse_sts_record(std::string_view txt);
Result<StsPolicy> parse_sts_policy(std::string_view body);
bool allows(const StsPolicy& policy, std::string_view mx_host);

}  // namespace futar::mta
