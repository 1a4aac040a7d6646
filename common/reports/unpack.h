// Attachments unpacked (RFC 1952, 1951, APPNOTE of zip), safe against bombs: never more than the limit in
// memory.
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::reports {

constexpr size_t max_report = 10u << 20;  ///< octets, unpacked

/// By its first octets: gzip (its first member), zip (its first file, stored or deflated), or the octets
/// themselves. An error when damaged, encrypted, or longer than `limit`.
Result<std::string> unpack(std::string_view octets, size_t limit = max_report);

}  // namespace futar::reports
