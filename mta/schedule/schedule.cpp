#include "mta/schedule/schedule.h"

#include <algorithm>

namespace futar::mta {

int64_t back_off_ms(const RetryRules& rules, int attempts) {
  int64_t wait = rules.retry_first_ms;
  for (int i = 1; i < attempts && wait < rules.retry_max_ms; ++i) wait *= 2;
  return std::min(wait, rules.retry_max_ms);
}

bool has_expired(const RetryRules& rules, int64_t accepted_ms, int attempts, int64_t now_ms,
                 int64_t last_jump_ms) {
  if (attempts < rules.attempts_least) return false;
  if (last_jump_ms != 0 && now_ms - last_jump_ms < rules.calm_after_jump_ms) return false;
  return now_ms - accepted_ms >= rules.lifetime_ms;
}

bool notice_is_due(const RetryRules& rules, int64_t accepted_ms, int64_t now_ms) {
  return rules.delay_notice_ms > 0 && now_ms - accepted_ms >= rules.delay_notice_ms;
}

int64_t JumpDetector::observe(int64_t wall_ms, int64_t steady_ms) {
  const int64_t offset = wall_ms - steady_ms;
  const int64_t jump = offset - offset_;
  if (first_ || jump > 60'000 || jump < -60'000) {
    offset_ = offset;
    if (std::exchange(first_, false)) return 0;
    last_jump_ = wall_ms;
    return jump;
  }
  return 0;
}

}  // namespace futar::mta
