// MTA-STS (RFC 8461): the record, the policy, which MX it allows. Pure.
#pragma once
#include <cstdint>
#include <optional>
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

  int64_t expires_ms() const { return fetched_ms + max_age_s * 1000; }
};

std::string_view name(StsPolicy::Mode mode);
std::optional<StsPolicy::Mode> sts_mode(std::string_view name);

constexpr size_t max_sts_policy = 64 * 1024;   ///< octets (§3.3)
constexpr int64_t max_sts_age_s = 31'557'600;  ///< a year (§3.2); a longer promise counts as this one

/// The id of "v=STSv1; id=...;"; an error when the text is no such record (§3.1).
Result<std::string> parse_sts_record(std::string_view txt);
/// Of all TXT records of _mta-sts.DOMAIN: the id, when exactly one begins with "v=STSv1" and that one is
/// well-formed.
Result<std::string> choose_sts_record(const std::vector<std::string>& txt);
/// Without id and fetched_ms (§3.2).
Result<StsPolicy> parse_sts_policy(std::string_view body);
/// §4.1: a pattern names a host, or with "*." exactly one label more.
bool allows(const StsPolicy& policy, std::string_view mx_host);

}  // namespace futar::mta
