// What became of a message, in words: the verdict above its way, and below it the count and what can be done.
#pragma once
#include <string>
#include <string_view>

#include "deploy/futar/render/trace.h"

namespace futar::deploy {

/// "DELIVERED to 2 mailboxes in 0.04 s", "WAITING for 1 recipient: mda is away ..."
std::string headline(const TracedMessage& message);
/// Of the whole: what is not yet done, else what became of it: "waiting", "delivered" and the like.
std::string_view state_of(const TracedMessage& message);
/// Equation (a) of design §5 for this message: "Count: 1 accepted = 1 delivered. Nothing waits.\n"
std::string count_in_words(const TracedMessage& message);
/// What can be done now, and whom to ask; "" when there is nothing to say.
std::string closing_in_words(const TracedMessage& message);

/// The newest event that is about this recipient, null if none is. `kind` "" is any but reports to the
/// sender.
const TracedEvent* last_event(const TracedMessage& message, std::string_view address,
                              std::string_view kind = "");
std::string_view field(const TracedEvent* event, const char* name);  ///< "" if absent
std::string short_id(const TracedMessage& message);  ///< its end, which `futar` takes for the whole
std::string host_name(
    std::string_view host);  ///< "mx1.remote.example" of "mx1.remote.example[192.0.2.25]:25"

}  // namespace futar::deploy
