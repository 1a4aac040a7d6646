// Here alone, so that tests need not see Asio's I/O headers (tests/lint/asio.py).
#include "tests/fakes/run.h"

#include <boost/asio/io_context.hpp>

namespace futar {

void run_loop(net::Loop& loop) {
  loop.context().restart();
  loop.run();
}

void poll_loop(net::Loop& loop) {
  loop.context().restart();
  loop.context().poll();
}

void run_task(net::Loop& loop, Task<> task) {
  auto wrapped = [](net::Loop& l, Task<> t) -> Task<> {
    co_await std::move(t);
    l.stop();
  };
  loop.spawn("test", wrapped(loop, std::move(task)));
  run_loop(loop);
}

bool run_until(net::Loop& loop, std::function<bool()> condition, int64_t limit_ms) {
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
