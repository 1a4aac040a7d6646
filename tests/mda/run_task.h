// Runs a coroutine to its end on a loop of the test.
#pragma once
#include <boost/asio/io_context.hpp>

#include "common/net/loop.h"

namespace futar {

inline void run_loop(net::Loop& loop) {
  loop.context().restart();
  loop.run();
}

inline void run_task(net::Loop& loop, Task<> task) {
  auto then_stop = [](net::Loop& l, Task<> t) -> Task<> {
    co_await std::move(t);
    l.stop();
  };
  loop.spawn("test", then_stop(loop, std::move(task)));
  run_loop(loop);
}

}  // namespace futar
