// The queue in words: by destination, and recipient by recipient.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace futar::deploy {

/// Recipients by domain with their age; `recipients` as mta's verb `queue` lists them.
nlohmann::json queue_by_destination(const nlohmann::json& recipients, int64_t now_ms);
std::string destinations_in_words(const nlohmann::json& destinations);
/// One line a recipient, oldest first.
std::string recipients_in_words(const nlohmann::json& recipients, int64_t now_ms);
/// As Postfix's mailq prints it, for scripts that read it.
std::string mailq_in_words(const nlohmann::json& recipients);

}  // namespace futar::deploy
