// How much a destination gets at once: lanes (sessions in parallel) and pace. Pure.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace futar::mta {

/// Sessions to one destination: from one, another after as many good messages as there are lanes, half after
/// a failure.
class Lanes {
 public:
  explicit Lanes(size_t most = 20) : most_(most) {}
  size_t allowed() const { return allowed_; }
  void succeeded() {
    if (++good_ < allowed_) return;
    good_ = 0;
    allowed_ = std::min(allowed_ + 1, most_);
  }
  void failed() {
    good_ = 0;
    allowed_ = std::max<size_t>(allowed_ / 2, 1);
  }

 private:
  size_t most_, allowed_ = 1, good_ = 0;
};

/// A rate (mta.rate) as a time between two messages.
class Pace {
 public:
  explicit Pace(int64_t spacing_ms = 0) : spacing_ms_(spacing_ms) {}
  /// Takes the next turn; how long to wait for it.
  int64_t take(int64_t now_ms) {
    if (spacing_ms_ == 0) return 0;
    const int64_t turn = std::max(next_ms_, now_ms);
    next_ms_ = turn + spacing_ms_;
    return turn - now_ms;
  }

 private:
  int64_t spacing_ms_, next_ms_ = 0;
};

}  // namespace futar::mta
