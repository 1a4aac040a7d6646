// Why a recipient of an accepted message is in its state, by which rule, and what its sender and we can do.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "deploy/futar/render/refused.h"
#include "deploy/futar/render/trace.h"

namespace futar::deploy {

/// A field of Explanation is empty where there is nothing to say, as the cure of what was delivered.
Explanation explain(const TracedMessage& message, const TracedRecipient& recipient);
/// "ADDRESS: STATE; WHY", then rule, inputs and cure, a line or more each.
std::string explained_in_words(const TracedMessage& message, const TracedRecipient& recipient);
nlohmann::json explained_json(const TracedMessage& message, const TracedRecipient& recipient);

}  // namespace futar::deploy
