#include "common/base/clock.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace futar {
namespace {

class SystemClock final : public Clock {
 public:
  int64_t wall_ms() const override { return ms_of(std::chrono::system_clock::now()); }
  int64_t steady_ms() const override { return ms_of(std::chrono::steady_clock::now()); }

 private:
  template <class Point>
  static int64_t ms_of(Point point) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(point.time_since_epoch()).count();
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string rfc3339(int64_t wall_ms) {
  int64_t seconds = wall_ms / 1000, rest = wall_ms % 1000;
  if (rest < 0) rest += 1000, seconds -= 1;
  std::tm tm{};
  const time_t time = seconds;
  gmtime_r(&time, &tm);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
}

}  // namespace futar
