// How far a database is durable: its commits run ahead of the fsync of their log by a moment, and whoever
// reads waits for what was seen.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "common/base/result.h"

namespace futar::store {

/// Shared by the writer of a database and its readers.
class Durability {
 public:
  /// Before a COMMIT: readers may see it from now on.
  void begin() {
    std::lock_guard lock(mutex_);
    ++begun_;
  }

  /// The number of the last COMMIT that was tried.
  uint64_t begun() const {
    std::lock_guard lock(mutex_);
    return begun_;
  }

  /// All commits up to this number are durable, or were rolled back.
  void reached(uint64_t number) {
    {
      std::lock_guard lock(mutex_);
      reached_ = number;
    }
    moved_.notify_all();
  }

  /// An fsync failed: nothing that is not durable yet will be.
  void lost(Error error) {
    {
      std::lock_guard lock(mutex_);
      lost_ = std::move(error);
    }
    moved_.notify_all();
  }

  /// Blocks until what was committed up to now is durable.
  Result<void> wait() const {
    std::unique_lock lock(mutex_);
    const uint64_t seen = begun_;
    moved_.wait(lock, [&] { return reached_ >= seen || lost_; });
    if (reached_ < seen) return fail(*lost_);
    return {};
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable moved_;
  uint64_t begun_ = 0, reached_ = 0;
  std::optional<Error> lost_;
};

}  // namespace futar::store
