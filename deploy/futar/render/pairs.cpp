#include "deploy/futar/render/pairs.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "common/base/ids.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

struct Digest {
  uint64_t count = 0;
  std::string sum;
  bool operator==(const Digest&) const = default;
};

std::map<int64_t, Digest> blocks_of(const json& answer) {
  std::map<int64_t, Digest> blocks;
  for (const json& one : answer.value("blocks", json::array()))
    if (one.is_array() && one.size() == 3 && one[0].is_number_integer() && one[1].is_number() &&
        one[2].is_string())
      blocks[one[0].get<int64_t>()] = {one[1].get<uint64_t>(), one[2].get<std::string>()};
  return blocks;
}

std::set<std::pair<int64_t, std::string>> pairs_of(const json& answer) {
  std::set<std::pair<int64_t, std::string>> pairs;
  for (const json& one : answer.value("pairs", json::array()))
    if (one.is_array() && one.size() == 2 && one[0].is_number_integer() && one[1].is_string())
      pairs.emplace(one[0].get<int64_t>(), one[1].get<std::string>());
  return pairs;
}

}  // namespace

Differing differing_blocks(const json& of, const json& at) {
  const auto there = blocks_of(at);
  Differing differing;
  for (const auto& [number, digest] : blocks_of(of)) {
    differing.total += digest.count;
    const auto same = there.find(number);
    if (same == there.end() || same->second != digest) differing.blocks.push_back(number);
  }
  return differing;
}

std::vector<Missing> missing_pairs(const json& of, const json& at, int64_t oldest_ms) {
  const auto there = pairs_of(at);
  std::vector<Missing> missing;
  for (const auto& pair : pairs_of(of)) {
    if (there.contains(pair)) continue;
    const auto id = MessageId::parse(pair.second);
    if (id && id->wall_ms() >= oldest_ms) missing.push_back({pair.first, pair.second});
  }
  return missing;
}

}  // namespace futar::deploy
