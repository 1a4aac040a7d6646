#include "common/zmq/frames.h"

#include <zmq.h>

#include <cerrno>
#include <cstring>

namespace futar::zmq {

namespace {

bool send_copy(void* socket, std::string_view octets, bool more) {
  return zmq_send(socket, octets.data(), octets.size(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0;
}

constexpr size_t number_size = 4;

char* put_number(char* to, size_t value) {
  for (size_t i = 0; i < number_size; ++i) *to++ = static_cast<char>(value >> (8 * i));
  return to;
}

size_t number_at(const char* from) {
  size_t value = 0;
  for (size_t i = number_size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(from[i]);
  return value;
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

std::vector<Part> parts_of(const Frames& frames) {
  std::vector<Part> parts;
  parts.reserve(frames.size());
  for (const std::string& frame : frames) parts.push_back(std::make_shared<const std::string>(frame));
  return parts;
}

bool send_packed(void* socket, std::string_view peer, std::span<const Part> parts) {
  size_t size = number_size * (1 + parts.size());
  for (const Part& part : parts) size += part->size();
  zmq_msg_t message;
  if (zmq_msg_init_size(&message, size) != 0) return false;
  char* to = put_number(static_cast<char*>(zmq_msg_data(&message)), parts.size());
  for (const Part& part : parts) to = put_number(to, part->size());
  for (const Part& part : parts) to = std::copy(part->begin(), part->end(), to);
  if ((peer.empty() || send_copy(socket, peer, true)) && zmq_msg_send(&message, socket, ZMQ_DONTWAIT) >= 0)
    return true;
  zmq_msg_close(&message);
  return false;
}

std::optional<Frames> unpack(std::string_view packed) {
  if (packed.size() < number_size) return std::nullopt;
  const size_t count = number_at(packed.data());
  if (count > (packed.size() - number_size) / number_size) return std::nullopt;
  Frames frames;
  frames.reserve(count);
  size_t at = number_size * (1 + count);
  for (size_t i = 0; i < count; ++i) {
    const size_t size = number_at(packed.data() + number_size * (1 + i));
    if (size > packed.size() - at) return std::nullopt;
    frames.emplace_back(packed.substr(at, size));
    at += size;
  }
  if (at != packed.size() || frames.empty()) return std::nullopt;
  return frames;
}

std::optional<Packed> receive_packed(void* socket, bool is_router) {
  auto raw = receive_frames(socket);
  if (!raw) return std::nullopt;
  Packed message;
  if (is_router) {
    message.peer = std::move(raw->front());
    raw->erase(raw->begin());
  }
  auto frames = raw->size() == 1 ? unpack(raw->front()) : std::nullopt;
  message.frames = frames ? *std::move(frames) : *std::move(raw);
  return message;
}

Error zmq_error(std::string_view what) {
  const int number = zmq_errno();
  std::string text = std::string(what) + ": " + zmq_strerror(number);
  const bool may_pass = number == EMFILE || number == ENFILE || number == ENOMEM || number == EAGAIN;
  return may_pass ? Error::temporary(std::move(text)) : Error::permanent(std::move(text));
}

}  // namespace futar::zmq
