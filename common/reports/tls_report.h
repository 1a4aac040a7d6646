// SMTP TLS reports (RFC 8460 §4): how others fared when they sent to us under TLS.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::reports {

/// Every text is made safe to show and cut at 255 octets.
struct TlsReport {
  struct Failure {
    std::string result;  ///< "certificate-expired", "starttls-not-supported" (§4.3)
    std::string sending_ip, receiving_host, receiving_ip;
    uint64_t sessions = 0;
    std::string reason;  ///< failure-reason-code
  };
  struct Policy {
    std::string type;    ///< "tlsa", "sts", "no-policy-found"
    std::string domain;  ///< ours; canonical
    uint64_t successes = 0, failures = 0;
    std::vector<Failure> details;
  };

  std::string organisation, contact, id;
  int64_t begin_s = 0, end_s = 0;  ///< since 1970
  std::vector<Policy> policies;
};

/// Tolerant of what is absent or unknown, but an error without reporter, id and time, and when a policy names
/// no domain.
Result<TlsReport> parse_tls_report(std::string_view json);

}  // namespace futar::reports
