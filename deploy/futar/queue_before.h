// `futar queue` of an mta of the release before, which does not know the verb `queue_summary`. To go when
// that release knows it.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace futar::deploy {

/// What `queue_summary` answers, counted from what the verb `queue` lists.
nlohmann::json queue_by_destination(const nlohmann::json& recipients, int64_t now_ms);

}  // namespace futar::deploy
