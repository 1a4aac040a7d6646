// A descriptor that a library owns, in the event loop.
#pragma once
#include <functional>
#include <memory>

#include "common/net/loop.h"

namespace futar::net {

/// Calls `on_readable` on the io thread as long as there is something to read (level-triggered). The
/// descriptor stays its owner's, and must outlive the watch.
class ReadWatch {
 public:
  ReadWatch(Loop& loop, int fd, std::function<void()> on_readable);
  ~ReadWatch();  ///< on_readable is not called again
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace futar::net
