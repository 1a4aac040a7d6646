#include "common/config/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"

namespace futar::config {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// Largest first: print takes the first that divides, sums must go downwards.
constexpr std::array durations{Unit{"w", 604'800'000}, Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
                               Unit{"m", 60'000},      Unit{"s", 1'000},      Unit{"ms", 1}};
constexpr std::array sizes{Unit{"TiB", uint64_t{1} << 40}, Unit{"GiB", 1 << 30}, Unit{"MiB", 1 << 20},
                           Unit{"KiB", 1 << 10}, Unit{"B", 1}};

constexpr uint64_t most = INT64_MAX;

// The product, none beyond 63 bits: everything that SQLite and the getters hold is signed.
std::optional<uint64_t> times(uint64_t number, uint64_t factor) {
  if (number > most / factor) return std::nullopt;
  return number * factor;
}

std::string_view take_while(std::string_view& rest, bool (*wanted)(char)) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), wanted);
  const auto taken = rest.substr(0, static_cast<size_t>(end - rest.begin()));
  rest.remove_prefix(taken.size());
  return taken;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

std::string print(uint64_t value, std::span<const Unit> units, std::string_view zero) {
  if (value == 0) return std::string(zero);
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return value % u.factor == 0; });
  return fmt::format("{}{}", value / unit->factor, unit->name);
}

}  // namespace

Result<int64_t> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(Error::permanent(
        fmt::format("\"{}\" is no duration; write it as \"30s\", \"5m\", \"4h\" or \"5d\"", text)));
  };
  if (text == "0") return 0;
  uint64_t sum = 0;
  uint64_t last_factor = UINT64_MAX;
  std::string_view rest = text;
  do {
    const auto number = parse_number(take_while(rest, is_digit));
    const auto name = take_while(rest, is_letter);
    const auto unit =
        std::find_if(durations.begin(), durations.end(), [&](const Unit& u) { return u.name == name; });
    if (!number || unit == durations.end() || unit->factor >= last_factor) return bad();
    const auto part = times(*number, unit->factor);
    if (!part || *part > most - sum) return bad();
    sum += *part;
    last_factor = unit->factor;
  } while (!rest.empty());
  return static_cast<int64_t>(sum);
}

Result<uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  const auto number = parse_number(take_while(rest, is_digit));
  const auto unit = std::find_if(sizes.begin(), sizes.end(), [&](const Unit& u) {
    return equal_nocase(rest, u.name) || (rest.size() == 1 && equal_nocase(rest, u.name.substr(0, 1)));
  });
  const uint64_t factor = rest.empty() ? 1 : unit == sizes.end() ? 0 : unit->factor;
  const auto size = number && factor ? times(*number, factor) : std::nullopt;
  if (!size)
    return fail(Error::permanent(
        fmt::format("\"{}\" is no size; write it as \"512KiB\", \"50MiB\" or \"2GiB\"", text)));
  return *size;
}

Result<int64_t> parse_rate(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const auto number = parse_number(text.substr(0, slash));
  const auto unit = std::ranges::find(durations, text.substr(std::min(slash + 1, text.size())), &Unit::name);
  const bool known = unit != durations.end() && std::string_view("smh").contains(unit->name);
  if (!number || *number == 0 || !known)
    return fail(Error::permanent(
        fmt::format("\"{}\" is no rate; write it as \"10/s\", \"100/m\" or \"5000/h\"", text)));
  return static_cast<int64_t>(std::max<uint64_t>(unit->factor / *number, 1));
}

std::string print_duration(int64_t ms) { return print(static_cast<uint64_t>(ms), durations, "0"); }
// "KiB" ... above 1 octet; plain octets carry no unit.
std::string print_size(uint64_t octets) {
  std::string text = print(octets, sizes, "0");
  if (text.ends_with('B') && !text.ends_with("iB")) text.pop_back();
  return text;
}

}  // namespace futar::config
