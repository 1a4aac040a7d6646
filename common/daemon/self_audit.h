// An agent counts its own mail: soon after the start, then each hour.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/daemon/exposition.h"
#include "common/net/loop.h"

namespace futar::daemon {

class SelfAudit {
 public:
  struct Times {
    int64_t first_ms = 5'000, every_ms = 3'600'000;
  };
  /// `count`: how many things do not add up.
  SelfAudit(net::Loop& loop, const Clock& clock, std::function<Task<Result<size_t>>()> count)
      : SelfAudit(loop, clock, std::move(count), Times()) {}
  SelfAudit(net::Loop& loop, const Clock& clock, std::function<Task<Result<size_t>>()> count, Times times)
      : loop_(loop), clock_(clock), count_(std::move(count)), times_(times) {}

  void start();
  std::optional<size_t> unaccounted() const { return unaccounted_; }  ///< none before the first count
  /// futar_unaccounted and when it was counted, once there is a count.
  void add_to(Exposition& told) const;

 private:
  Task<> run();

  net::Loop& loop_;
  const Clock& clock_;
  std::function<Task<Result<size_t>>()> count_;
  Times times_;
  std::optional<size_t> unaccounted_;
  int64_t counted_ms_ = 0;
};

}  // namespace futar::daemon
