#include "common/base/text.h"
#include "common/event/event.h"
#include "common/event/kinds.h"

namespace futar::event {
namespace {

/// "45 s", "5 min 2 s", "3 h 20 min", "2 d 4 h"
std::string duration(int64_t ms) {
  struct Unit {
    int64_t seconds;
    std::string_view name;
  };
  constexpr Unit units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
  const int64_t seconds = std::max<int64_t>(ms, 0) / 1000;
  for (size_t i = 0; i + 1 < std::size(units); ++i) {
    const auto& [large, small] = std::pair(units[i], units[i + 1]);
    if (seconds < large.seconds) continue;
    const int64_t rest = seconds % large.seconds / small.seconds;
    std::string text = fmt::format("{} {}", seconds / large.seconds, large.name);
    return rest == 0 ? text : text + fmt::format(" {} {}", rest, small.name);
  }
  return fmt::format("{} s", seconds);
}

constexpr size_t longest_value = 2048;  // a record to publish may hold a key

/// "TLS 1.3 (DANE-EE)" for OpenSSL's "TLSv1.3 ..."
std::string version_apart(std::string_view tls) {
  return tls.starts_with("TLSv") ? "TLS " + std::string(tls.substr(4)) : std::string(tls);
}

/// The value as a reader sees it: `next` is a time in ms, told as the wait from the event on. A duplicate
/// `of` the same address needs no word.
std::string shown(const Event& event, std::string_view field_name) {
  for (const auto& [field, value] : event.fields) {
    if (name(field) != field_name) continue;
    if (field == Field::of && value == event.get(Field::recipient)) return "";
    if (field == Field::tls) return printable(version_apart(value));
    const auto at = field == Field::next ? parse_number(value) : std::nullopt;
    constexpr uint64_t latest = 1ull << 48;  // a larger number is nonsense and must not overflow
    return at ? duration(static_cast<int64_t>(std::min(*at, latest)) - event.wall_ms)
              : printable(value, longest_value);
  }
  return "";
}

/// Fills the {fields} of a piece without brackets. An absent one is written as `absent`; without that it
/// gives none.
std::optional<std::string> fill(const Event& event, std::string_view piece, std::string_view absent) {
  std::string text;
  for (size_t open; (open = piece.find('{')) != std::string_view::npos;) {
    const size_t close = piece.find('}', open);
    std::string value = shown(event, piece.substr(open + 1, close - open - 1));
    if (value.empty()) value = absent;
    if (value.empty()) return std::nullopt;
    text.append(piece.substr(0, open)).append(value);
    piece.remove_prefix(close + 1);
  }
  return text.append(piece);
}

std::string choose(const Event& event, std::string_view alternatives) {
  for (std::string_view alternative : split(alternatives, '|'))
    if (auto text = fill(event, alternative, "")) return *text;
  return "";
}

}  // namespace

std::string_view Event::get(Field field) const {
  for (const auto& [own, value] : fields)
    if (own == field) return value;
  return "";
}

std::string words(const Event& event) {
  std::string text;
  std::string_view rest = pattern(event.kind);
  while (!rest.empty()) {
    const size_t open = std::min(rest.find('['), rest.size());
    text += fill(event, rest.substr(0, open), "?").value_or("");
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const size_t close = rest.find(']');
    text += choose(event, rest.substr(1, close - 1));
    rest.remove_prefix(close + 1);
  }
  return text;
}

}  // namespace futar::event
