// The words of `futar dkim`.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace futar::deploy {

/// Each selector with its state, what the DNS says of it and what is to be done; what is to be published, as
/// lines of a zone file.
std::string dkim_in_words(const nlohmann::json& answer);

}  // namespace futar::deploy
