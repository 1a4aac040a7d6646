// Durations, sizes and rates as the config and the command line write them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::config {

/// "500ms", "10s", "5m", "1h", "30d", "2w", and sums of them, largest first ("1h30m"). Milliseconds. "0"
/// needs no unit.
Result<int64_t> parse_duration(std::string_view text);
/// "50MiB", "2GiB", "64KiB", "1TiB", "512" or "512B"; also k, M, G without "iB", which mean the same (1024).
/// Octets.
Result<uint64_t> parse_size(std::string_view text);

/// "10/s", "100/m", "5000/h": how many in a second, minute or hour, as the milliseconds between two, at
/// least 1.
Result<int64_t> parse_rate(std::string_view text);

std::string print_duration(int64_t ms);   ///< in the largest unit that is exact: "90m"
std::string print_size(uint64_t octets);  ///< in the largest unit that is exact: "50MiB"

}  // namespace futar::config
