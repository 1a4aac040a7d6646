// The bridge from callbacks to coroutines: one coroutine waits, somebody opens.
#pragma once
#include <cstdint>
#include <memory>

#include "common/base/async.h"
#include "common/net/loop.h"

namespace futar::net {

/// Starts closed. open() lets the waiting coroutine go on (from the loop, never inside open()) and stays open
/// until reset(). One waiter at a time. io thread only; from other threads call Loop::post first. Destroying
/// a gate lets its waiter go on as if the time had passed.
class Gate {
 public:
  explicit Gate(Loop& loop);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void open();
  void reset();
  bool is_open() const;
  Task<> wait();
  Task<bool> wait_for(int64_t ms);  ///< false when the time passed first

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace futar::net
