// Messages to frames and back. No socket; every decoder is fuzzed.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "proto/messages.h"

namespace futar::proto {

using Frames = std::vector<std::string>;
/// A frame that may be shared: a body goes from store to wire as the one object that it is.
using Part = std::shared_ptr<const std::string>;

/// [head][content]...: a Transfer has two frames an item (header, body), the body frame empty when chunks
/// follow; a Deliver the same (its prefix stands before the header); Chunk and Directory one; all others
/// none.
std::vector<Part> encode_parts(Message message);
Frames encode(const Message& message);
/// Refuses unknown kinds, missing frames and trailing frames, sizes that do not fit, control characters in
/// addresses. The frames are moved from. A body whose chunks follow has a size and no bytes.
Result<Message> decode(Frames&& frames);

std::string_view kind_name(const Message& message);

}  // namespace futar::proto
