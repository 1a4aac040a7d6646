// A bounded pool of threads for what would block the io thread: fsync, passwords, signatures, Maildir files.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "common/base/async.h"
#include "common/net/gate.h"
#include "common/net/loop.h"

namespace futar::net {

class Workers {
 public:
  Workers(Loop& loop, size_t threads, std::string name);
  ~Workers();  ///< finishes what is queued, then joins

  /// Queues f for a pool thread; `done` then runs on the io thread. Neither may throw.
  void submit(std::move_only_function<void()> f, std::move_only_function<void()> done);
  /// Runs f on a pool thread, then resumes the caller on the io thread.
  Task<> run(std::move_only_function<void()> f);
  /// Runs all of fs, as many at once as there are threads, and resumes the caller after the last.
  Task<> run_all(std::vector<std::move_only_function<void()>> fs);
  size_t waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::net
