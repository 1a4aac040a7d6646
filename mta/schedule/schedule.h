// When to try again, when to tell the sender, when to give up. Pure functions on times.
#pragma once
#include <cstdint>

namespace futar::mta {

struct RetryRules {
  int64_t retry_first_ms = 5 * 60'000;
  int64_t retry_max_ms = 60 * 60'000;
  int64_t lifetime_ms = 5 * 86'400'000LL;
  int64_t link_lifetime_ms = 30 * 86'400'000LL;
  int64_t held_lifetime_ms = 30 * 86'400'000LL;
  int64_t delay_notice_ms = 4 * 3'600'000LL;
  int attempts_least = 3;                  ///< none expires before so many failed attempts
  int64_t calm_after_jump_ms = 3'600'000;  ///< nor so soon after a jump of the wall clock
};

/// The wait after the n-th failed attempt (n from 1): retry_first doubled up to retry_max, exactly, without
/// jitter.
int64_t back_off_ms(const RetryRules& rules, int attempts);

/// Asked at the end of a failed attempt only.
bool has_expired(const RetryRules& rules, int64_t accepted_ms, int attempts, int64_t now_ms,
                 int64_t last_jump_ms);

/// Has the sender to be told, once, that delivery is late?
bool notice_is_due(const RetryRules& rules, int64_t accepted_ms, int64_t now_ms);

/// Finds jumps of the wall clock: more than 60 s between its way and that of the steady clock.
class JumpDetector {
 public:
  /// By how many ms the wall clock jumped since the last call; 0 if it did not.
  int64_t observe(int64_t wall_ms, int64_t steady_ms);
  int64_t last_jump_wall_ms() const { return last_jump_; }

 private:
  bool first_ = true;
  int64_t offset_ = 0;
  int64_t last_jump_ = 0;
};

}  // namespace futar::mta
