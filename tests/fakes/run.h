// Runs coroutines and waits for conditions on a loop of the test.
#pragma once
#include <functional>

#include "common/net/loop.h"

namespace futar {

/// Runs the loop until somebody stops it; may be called again.
void run_loop(net::Loop& loop);
/// Runs what is ready now.
void poll_loop(net::Loop& loop);
/// Runs the loop until the coroutine has ended.
void run_task(net::Loop& loop, Task<> task);
/// Runs the loop until the condition holds, at most `limit_ms`. Returns whether it holds.
bool run_until(net::Loop& loop, std::function<bool()> condition, int64_t limit_ms = 10'000);

}  // namespace futar
