// Mail that was refused before it became a message: its way, and why, in words.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "deploy/futar/render/trace.h"

namespace futar::deploy {

/// All refusals of one transaction, or of a connection outside of transactions.
struct RefusedMail {
  std::string id, client, helo, login, from;
  std::vector<std::string> recipients;
  std::string at, reply, cause;     ///< of the last refusal: the verb, what the client was told, why
  std::vector<TracedEvent> events;  ///< by time
};

/// Out of the answers of msa and mta (either may be null), the oldest first. Refusals of a message that was
/// accepted for others become events of that message.
std::vector<RefusedMail> join_refused(const nlohmann::json& msa, const nlohmann::json& mta,
                                      std::vector<TracedMessage>& messages);

std::string refused_in_words(const RefusedMail& mail);
nlohmann::json refused_json(const RefusedMail& mail);

struct Explanation {
  std::string why;                 ///< a sentence behind "Refused: "
  std::string rule;                ///< what decided, as people can look it up
  std::string inputs;              ///< what it decided on
  std::string sender, postmaster;  ///< what each can do about it
};
Explanation explain(const RefusedMail& mail);
std::string explained_in_words(const RefusedMail& mail);
nlohmann::json explained_json(const RefusedMail& mail);

}  // namespace futar::deploy
