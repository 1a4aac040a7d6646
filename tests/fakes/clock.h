// A clock that moves only when told.
#pragma once
#include "common/base/clock.h"

namespace futar {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(int64_t wall_ms = 1'764'000'000'000) : wall_ms_(wall_ms) {}
  int64_t wall_ms() const override { return wall_ms_; }
  int64_t steady_ms() const override { return steady_ms_; }
  void advance_ms(int64_t ms) {
    wall_ms_ += ms;
    steady_ms_ += ms;
  }
  /// The wall clock is set; steady time goes on as it was.
  void jump_wall_ms(int64_t ms) { wall_ms_ += ms; }

 private:
  int64_t wall_ms_;
  int64_t steady_ms_ = 1'000'000;
};

}  // namespace futar
