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

// Between agents the parts of a message travel as one ZeroMQ message: [count][size of each][octets of each],
// numbers of 32 bits, little end first. A dealer whose peer dies between two parts of a multipart message
// ends the process: with ZMQ_IMMEDIATE it drops the pipe, and with it the parts that were announced
// ("!_more", fq.cpp, libzmq 4.3.4).

std::vector<Part> parts_of(const Frames& frames);
/// To the routing id `peer` (router), or to the one peer (dealer, peer "").
bool send_packed(void* socket, std::string_view peer, std::span<const Part> parts);
struct Packed {
  std::string peer;  ///< routing id, "" at a dealer
  Frames frames;     ///< a message that is not packed right: itself, as one frame, for the decoder to refuse
};
/// None when no message is waiting.
std::optional<Packed> receive_packed(void* socket, bool is_router);
/// The parts of one packed message; none if it is damaged.
std::optional<Frames> unpack(std::string_view packed);
/// The Error of zmq_errno().
Error zmq_error(std::string_view what);

}  // namespace futar::zmq
