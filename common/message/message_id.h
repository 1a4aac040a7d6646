// The Message-ID field (RFC 5322 §3.6.4): ours when a user's program gave none, theirs for the trail.
#pragma once
#include <span>
#include <string>

#include "common/base/ids.h"
#include "common/message/header.h"

namespace futar::message {

/// "<01kb3m7q2v8x0z4c9r5t1n6w3y@example.org>"
std::string make_message_id(const MessageId& id, std::string_view domain);

/// The value of the first Message-ID field, unfolded and cleaned of control characters; "" if there is none.
std::string message_id(std::span<const Field> fields);

}  // namespace futar::message
