// How long things took, in buckets: a few counters, whatever the load.
#pragma once
#include <array>
#include <cstdint>

namespace futar {

class Histogram {
 public:
  /// Upper ends of the buckets, in ms; the last bucket has none.
  static constexpr std::array<int64_t, 14> bounds_ms{
      1, 3, 10, 30, 100, 300, 1000, 3000, 10'000, 60'000, 600'000, 3'600'000, 14'400'000, 86'400'000};

  void observe_ms(int64_t ms) {
    size_t bucket = 0;
    while (bucket < bounds_ms.size() && ms > bounds_ms[bucket]) ++bucket;
    ++counts_[bucket];
    sum_ms_ += ms > 0 ? static_cast<uint64_t>(ms) : 0;  // a clock may have gone back
  }
  /// Of each bucket alone, one more than there are bounds.
  const std::array<uint64_t, bounds_ms.size() + 1>& counts() const { return counts_; }
  uint64_t sum_ms() const { return sum_ms_; }

 private:
  std::array<uint64_t, bounds_ms.size() + 1> counts_{};
  uint64_t sum_ms_ = 0;
};

}  // namespace futar
