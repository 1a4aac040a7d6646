// Answers of the verb "pairs" of two agents, compared: what one end of a link knows the other must know, too.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace futar::deploy {

/// Numbers of the blocks that are not the same at both ends, of those that `of` has; `total`: pairs that `of`
/// has in all.
struct Differing {
  std::vector<int64_t> blocks;
  uint64_t total = 0;
};
Differing differing_blocks(const nlohmann::json& of, const nlohmann::json& at);

/// Ids that stand in `of` and not in `at`, with their numbers. Those made before oldest_ms may have been
/// forgotten.
struct Missing {
  int64_t number = 0;
  std::string id;
};
std::vector<Missing> missing_pairs(const nlohmann::json& of, const nlohmann::json& at, int64_t oldest_ms);

}  // namespace futar::deploy
