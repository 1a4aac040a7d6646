// The policy record at _dmarc.DOMAIN (RFC 7489 §6.3, §6.4). Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::dmarc {

enum class Policy : uint8_t { none, quarantine, reject };  ///< the laxest first
enum class Alignment : uint8_t { relaxed, strict };

std::string_view name(Policy policy);
std::optional<Policy> policy_of(std::string_view name);  ///< in any case

/// Where aggregate reports go (RFC 7489 §6.2): the URI, and how many octets at most, 0 = any.
struct ReportUri {
  std::string uri;
  uint64_t limit = 0;
  bool operator==(const ReportUri&) const = default;
};

struct Record {
  Policy policy = Policy::none;              ///< p
  std::optional<Policy> subdomain_policy;    ///< sp; absent: as p
  Alignment dkim = Alignment::relaxed;       ///< adkim
  Alignment spf = Alignment::relaxed;        ///< aspf
  int percent = 100;                         ///< pct
  std::vector<ReportUri> aggregate_reports;  ///< rua
  bool operator==(const Record&) const = default;
};

/// Whether the text begins with "v=DMARC1"; any other TXT at the name is passed over (§6.6.3, 2).
bool is_record(std::string_view txt);

/// Unknown tags and broken values of tags but p and sp are passed over. Without a valid p, or with a broken
/// sp, the record counts as p=none when it says where reports go, else it is an error (§6.6.3, 6).
/// Differs: p may stand anywhere, and of a tag that comes twice the first counts; p=reject is meant either
/// way.
Result<Record> parse_record(std::string_view txt);

}  // namespace futar::dmarc
