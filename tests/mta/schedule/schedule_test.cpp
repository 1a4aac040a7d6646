#include "mta/schedule/schedule.h"

#include <doctest/doctest.h>

#include <vector>

using namespace futar::mta;

namespace {
constexpr int64_t minute = 60'000, hour = 60 * minute, day = 24 * hour;
}

TEST_CASE("the wait doubles from retry_first to retry_max and stays there") {
  const RetryRules rules;
  std::vector<int64_t> minutes;
  for (int attempt = 1; attempt <= 7; ++attempt) minutes.push_back(back_off_ms(rules, attempt) / minute);
  CHECK(minutes == std::vector<int64_t>{5, 10, 20, 40, 60, 60, 60});
}

TEST_CASE("five dead days give exactly the configured attempts") {
  const RetryRules rules;
  int64_t now = 0;
  int attempts = 0;
  while (true) {
    ++attempts;
    if (has_expired(rules, 0, attempts, now, 0)) break;
    now += back_off_ms(rules, attempts);
  }
  CHECK(now >= rules.lifetime_ms);
  CHECK(now - rules.lifetime_ms < rules.retry_max_ms);
  CHECK(attempts == 124);  // 5 + 10 + 20 + 40 min, then one an hour until 120 h have passed
}

TEST_CASE("nothing expires before three attempts, nor within an hour of a clock jump") {
  const RetryRules rules;
  CHECK_FALSE(has_expired(rules, 0, 2, 30 * day, 0));
  CHECK(has_expired(rules, 0, 3, 30 * day, 0));
  CHECK_FALSE(has_expired(rules, 0, 3, 30 * day, 30 * day - 59 * minute));
  CHECK(has_expired(rules, 0, 3, 30 * day, 30 * day - 60 * minute));
}

TEST_CASE("the delay notice is due after four hours, and never when it is switched off") {
  RetryRules rules;
  CHECK_FALSE(notice_is_due(rules, 0, 4 * hour - 1));
  CHECK(notice_is_due(rules, 0, 4 * hour));
  rules.delay_notice_ms = 0;
  CHECK_FALSE(notice_is_due(rules, 0, 100 * hour));
}

TEST_CASE("a jump of the wall clock is found once, slow drift is not a jump") {
  JumpDetector jumps;
  CHECK(jumps.observe(1000 * day, 0) == 0);
  CHECK(jumps.observe(1000 * day + minute, minute) == 0);
  CHECK(jumps.observe(1000 * day + 2 * minute + 50'000, 2 * minute) == 0);
  CHECK(jumps.observe(1020 * day, 3 * minute) == 20 * day - 3 * minute);
  CHECK(jumps.last_jump_wall_ms() == 1020 * day);
  CHECK(jumps.observe(1020 * day + 1000, 3 * minute + 1000) == 0);
  CHECK(jumps.observe(1000 * day, 3 * minute + 2000) < 0);
}
