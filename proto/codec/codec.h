// Messages to frames and back. No socket; every decoder is fuzzed.
#pragma once
#include <string>
#include <vector>

#include "common/base/result.h"
#include "proto/messages.h"

namespace futar::proto {

using Frames = std::vector<std::string>;

/// [head][content]...: a Transfer has two frames an item (header, body), the body frame empty when chunks follow; a
/// Deliver the same; Chunk and Directory one; all others none.
Frames encode(const Message& message);
/// Refuses unknown kinds, missing frames and trailing frames, sizes that do not fit. The frames are moved from.
Result<Message> decode(Frames&& frames);

std::string_view kind_name(const Message& message);

}  // namespace futar::proto
