// The one io thread of an agent: an event loop, its timers, and the way back from other threads.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "common/base/async.h"

namespace boost::asio {
class io_context;
}

namespace futar::net {

class StreamGroup;

/// Owns the io_context. All sessions, the link, control and every coroutine run on the one thread that calls
/// run().
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();  ///< until stop(), and may be called again; an exception that leaves a posted function ends the
               ///< process
  void stop();  ///< from any thread
  /// Runs f on the io thread; from any thread.
  void post(std::move_only_function<void()> f);
  /// Starts a coroutine: on the io thread at once, up to its first wait. What it throws is logged with
  /// `name`, and ends only that coroutine.
  void spawn(std::string name, Task<> task);
  /// Suspends the calling coroutine.
  Task<> sleep(int64_t ms);
  /// Coroutines started by spawn() that have not ended.
  size_t running() const;
  boost::asio::io_context& context();
  const std::shared_ptr<StreamGroup>&
  connections();  ///< the streams that connect_tcp and connect_unix opened

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::net
