#include "common/zmq/frames.h"

#include <zmq.h>

#include <cerrno>
#include <cstring>

namespace futar::zmq {

namespace {

// Below this a copy is cheaper than the two allocations and the foreign free of a shared frame.
constexpr size_t copied_limit = 8 * 1024;

bool send_copy(void* socket, std::string_view octets, bool more) {
  return zmq_send(socket, octets.data(), octets.size(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0;
}

// ZeroMQ's io thread drops the hint when the octets have gone.
bool send_shared(void* socket, const Part& part, bool more) {
  auto* hint = new Part(part);
  zmq_msg_t message;
  zmq_msg_init_data(
      &message, const_cast<char*>(part->data()), part->size(),
      [](void*, void* held) { delete static_cast<Part*>(held); }, hint);
  if (zmq_msg_send(&message, socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0) return true;
  zmq_msg_close(&message);
  return false;
}

}  // namespace

std::optional<Frames> receive_frames(void* socket) {
  Frames frames;
  zmq_msg_t message;
  zmq_msg_init(&message);
  do {
    // Once the first frame is there, so are the others.
    if (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&message);
      return {};
    }
    frames.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
  } while (zmq_msg_more(&message));
  zmq_msg_close(&message);
  return frames;
}

bool send_frames(void* socket, const Frames& frames) {
  for (size_t i = 0; i < frames.size(); ++i)
    if (!send_copy(socket, frames[i], i + 1 < frames.size())) return false;
  return true;
}

bool send_parts(void* socket, std::string_view peer, std::span<const Part> parts) {
  if (!peer.empty() && !send_copy(socket, peer, true)) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool more = i + 1 < parts.size();
    if (parts[i]->size() < copied_limit ? !send_copy(socket, *parts[i], more)
                                        : !send_shared(socket, parts[i], more))
      return false;
  }
  return true;
}

Error zmq_error(std::string_view what) {
  const int number = zmq_errno();
  std::string text = std::string(what) + ": " + zmq_strerror(number);
  const bool may_pass = number == EMFILE || number == ENFILE || number == ENOMEM || number == EAGAIN;
  return may_pass ? Error::temporary(std::move(text)) : Error::permanent(std::move(text));
}

}  // namespace futar::zmq
