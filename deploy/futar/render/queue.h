// The queue in words: by destination, and recipient by recipient.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace futar::deploy {

/// What mta's verb `queue_summary` answers.
std::string destinations_in_words(const nlohmann::json& destinations);
/// One line a recipient, oldest first.
std::string recipients_in_words(const nlohmann::json& recipients, int64_t now_ms);
/// All that is known of one recipient, a few lines.
std::string recipient_in_words(const nlohmann::json& item);
/// What became of an operator's verb: "hold: 3 recipients, 1 of them when the attempt that runs has ended".
std::string acted_in_words(const std::string& verb, const nlohmann::json& answer);
/// As Postfix's mailq prints it, for scripts that read it.
std::string mailq_in_words(const nlohmann::json& recipients);

}  // namespace futar::deploy
