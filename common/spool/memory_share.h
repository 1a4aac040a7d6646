// What one holder keeps in memory of the budget that all messages of an agent share.
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace futar::spool {

/// Given back when it ends, on whatever thread.
class MemoryShare {
 public:
  explicit MemoryShare(std::shared_ptr<std::atomic<size_t>> total) : total_(std::move(total)) {}
  MemoryShare(MemoryShare&& other) noexcept
      : total_(std::move(other.total_)), octets_(std::exchange(other.octets_, 0)) {}
  ~MemoryShare() { set(0); }
  void add(size_t octets) { set(octets_ + octets); }
  void set(size_t octets) {
    if (total_) *total_ += octets - octets_;  // unsigned arithmetic: a decrease wraps around to the right sum
    octets_ = octets;
  }

 private:
  std::shared_ptr<std::atomic<size_t>> total_;
  size_t octets_ = 0;
};

}  // namespace futar::spool
