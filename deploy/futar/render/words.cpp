#include "deploy/futar/render/words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "common/base/text.h"

namespace futar::deploy {

namespace {

constexpr size_t line_width = 100;
constexpr int64_t second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

// Columns that a text takes: its code points.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string wrapped(const std::string& head, std::string_view text) {
  std::string out = head;
  const size_t room = line_width > head.size() + 20 ? line_width - head.size() : 60;
  while (text.size() > room) {
    const size_t space = text.rfind(' ', room);
    if (space == std::string_view::npos || space == 0) break;
    out += fmt::format("{}\n{}", text.substr(0, space), std::string(head.size(), ' '));
    text.remove_prefix(space + 1);
  }
  return fmt::format("{}{}\n", out, text);
}

std::string counted(uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string size_in_words(uint64_t octets) {
  if (octets < 1024) return counted(octets, "octet");
  double size = static_cast<double>(octets);
  for (const char* unit : {"KiB", "MiB", "GiB"}) {
    size /= 1024;
    if (size < 1024) return fmt::format("{:.1f} {}", size, unit);
  }
  return fmt::format("{:.1f} TiB", size / 1024);
}

std::string duration_in_words(int64_t ms) {
  if (ms < 10 * second) return fmt::format("{:.2f} s", static_cast<double>(ms) / 1000);
  if (ms < 2 * minute) return fmt::format("{} s", ms / second);
  if (ms < 2 * hour) return fmt::format("{} min", ms / minute);
  if (ms < 2 * day) return fmt::format("{} h", ms / hour);
  return fmt::format("{} d", ms / day);
}

std::string offset_in_words(int64_t ms) {
  if (ms < 10 * second) return fmt::format("+{:.3f}", static_cast<double>(ms) / 1000);
  if (ms < 2 * minute) return fmt::format("+{:.1f} s", static_cast<double>(ms) / 1000);
  return "+" + duration_in_words(ms);
}

std::string moment_in_words(int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:%d %b %H:%M:%S}", local);
}

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? printable(found->get<std::string>()) : "";
}

int64_t parse_rfc3339(std::string_view text) {
  std::tm utc{};
  int ms = 0;
  const std::string copy(text);
  const int found = std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &utc.tm_year, &utc.tm_mon,
                                &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms);
  if (found != 7) return 0;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return static_cast<int64_t>(::timegm(&utc)) * 1000 + ms;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace futar::deploy
