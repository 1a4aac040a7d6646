#include "common/message/date.h"

namespace futar::message {

std::string date(int64_t wall_ms, int zone_minutes) {
  using namespace std::chrono;
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds local{floor<seconds>(milliseconds(wall_ms)) + minutes(zone_minutes)};
  const sys_days day = floor<std::chrono::days>(local);
  const year_month_day ymd(day);
  const hh_mm_ss time(local - day);
  const int offset = std::abs(zone_minutes);
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} {}{:02}{:02}", days[weekday(day).c_encoding()],
                     static_cast<unsigned>(ymd.day()), months[static_cast<unsigned>(ymd.month()) - 1],
                     static_cast<int>(ymd.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count(), zone_minutes < 0 ? '-' : '+', offset / 60, offset % 60);
}

}  // namespace futar::message
