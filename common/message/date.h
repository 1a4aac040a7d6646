// Dates of the header (RFC 5322 §3.3).
#pragma once
#include <cstdint>
#include <string>

namespace futar::message {

/// "Tue, 24 Nov 2026 14:02:07 +0100". `zone_minutes` east of UTC.
std::string date(int64_t wall_ms, int zone_minutes = 0);

}  // namespace futar::message
