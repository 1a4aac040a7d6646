// What a Context owns; seen by context.cpp and socket.cpp alone.
#pragma once
#include <cstdint>
#include <memory>

#include "common/zmq/context.h"
#include "common/zmq/zap.h"

namespace futar::zmq {

struct Context::Impl {
  explicit Impl(net::Loop& l) : loop(l) {}

  net::Loop& loop;
  void* context = nullptr;
  std::unique_ptr<Zap> zap;  // made with the first socket that pins keys
  uint64_t monitors = 0;     // for unique inproc names
};

}  // namespace futar::zmq
