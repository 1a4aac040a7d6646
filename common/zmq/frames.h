// Whole messages to and from a raw ZeroMQ socket, without waiting.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/zmq/context.h"

namespace futar::zmq {

/// None when no message is waiting.
std::optional<Frames> receive_frames(void* socket);
/// False when it cannot be sent now (no peer, or none of that routing id).
bool send_frames(void* socket, const Frames& frames);
/// A router's message begins with `peer`, a dealer's (peer "") with the first part.
bool send_parts(void* socket, std::string_view peer, std::span<const Part> parts);
/// The Error of zmq_errno().
Error zmq_error(std::string_view what);

}  // namespace futar::zmq
