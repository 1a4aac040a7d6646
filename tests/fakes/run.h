// Runs coroutines and waits for conditions on a loop of the test.
#pragma once
#include <boost/asio/io_context.hpp>
#include <functional>

#include "common/net/loop.h"

namespace futar {

/// Runs the loop until somebody stops it; may be called again.
inline void run_loop(net::Loop& loop) {
  loop.context().restart();
  loop.run();
}

/// Runs the loop until the coroutine has ended.
inline void run_task(net::Loop& loop, Task<> task) {
  auto wrapped = [](net::Loop& l, Task<> t) -> Task<> {
    co_await std::move(t);
    l.stop();
  };
  loop.spawn("test", wrapped(loop, std::move(task)));
  run_loop(loop);
}

/// Runs the loop until the condition holds, at most `limit_ms`. Returns whether it holds.
inline bool run_until(net::Loop& loop, std::function<bool()> condition, int64_t limit_ms = 10'000) {
  auto watch = [](net::Loop& l, std::function<bool()> c, int64_t left) -> Task<> {
    while (!c() && left > 0) {
      co_await l.sleep(1);
      --left;
    }
    l.stop();
  };
  loop.spawn("test", watch(loop, condition, limit_ms));
  run_loop(loop);
  return condition();
}

}  // namespace futar
