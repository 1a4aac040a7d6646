// `futar route` in words.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace futar::deploy {

/// The answer of mta's verb `route`: the way, its hosts in the order in which they are tried, what is wrong.
std::string route_in_words(const nlohmann::json& answer);

}  // namespace futar::deploy
