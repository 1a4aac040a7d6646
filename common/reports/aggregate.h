// DMARC aggregate reports (RFC 7489 §7.2, appendix C): what others saw of mail in our name.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/dmarc/record.h"
#include "common/net/address.h"

namespace futar::reports {

/// Every text is made safe to show and cut at 255 octets.
struct Aggregate {
  /// What one mechanism said, aligned or not.
  struct Checked {
    std::string domain, result;
    std::string detail;  ///< the selector of a signature, or SPF's scope ("mfrom", "helo")
    bool operator==(const Checked&) const = default;
  };
  /// Messages alike: one source, one outcome.
  struct Row {
    net::IpAddress source;
    uint64_t count = 0;
    dmarc::Policy disposition = dmarc::Policy::none;  ///< what was done with them
    bool dkim_aligned = false, spf_aligned = false;   ///< DMARC passes with either
    std::vector<std::string> reasons;  ///< why not what the policy asks for: "forwarded: comment"
    std::string header_from, envelope_from, envelope_to;
    std::vector<Checked> dkim, spf;
  };

  std::string organisation, contact, id;  ///< who reports; id is theirs, unique with the organisation
  int64_t begin_s = 0, end_s = 0;         ///< since 1970
  std::string domain;                     ///< ours; canonical
  dmarc::Record published;                ///< as they saw it: p, sp, adkim, aspf, pct
  std::vector<Row> rows;
};

constexpr size_t max_rows = 50'000, max_checked = 100;

/// Tolerant of what is absent or unknown, but an error without reporter, id, time, domain, and where a row
/// lacks its source or count.
Result<Aggregate> parse_aggregate(std::string_view xml);

}  // namespace futar::reports
