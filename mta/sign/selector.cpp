#include "mta/sign/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "common/base/clock.h"

namespace futar::mta {
namespace {

constexpr int64_t minute_ms = 60'000;
constexpr int64_t first_look_ms = 2 * minute_ms, longest_look_ms = 6 * 60 * minute_ms;
constexpr int64_t part_of_age = 20;

Selector now_is(Selector selector, Standing standing, int64_t now_ms) {
  if (selector.standing != standing) selector.since_ms = now_ms;
  selector.standing = standing;
  return selector;
}

}  // namespace

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::fresh:
      return "new";
    case Standing::active:
      return "active";
    case Standing::old:
      return "old";
    case Standing::retired:
      break;
  }
  return "retired";
}

std::string selector_name(crypto::KeyType type, int64_t now_ms,
                          const std::function<bool(const std::string&)>& is_taken) {
  std::string first = rfc3339(now_ms).substr(0, 10);
  std::erase(first, '-');
  first += type == crypto::KeyType::rsa ? 'r' : 'e';
  std::string selector = first;
  for (int number = 2; is_taken(selector); ++number) selector = first + std::to_string(number);
  return selector;
}

std::vector<Selector> after_sighting(Selector looked, const Sighting& sighting,
                                     const std::vector<Selector>& all, int64_t now_ms) {
  std::vector<Selector> changed;
  looked.looked_ms = now_ms;
  looked.seen = sighting.words;
  if (looked.standing == Standing::active && sighting.state == Sighting::State::absent) {
    looked = now_is(std::move(looked), Standing::fresh, now_ms);
  } else if (looked.standing == Standing::fresh && sighting.state == Sighting::State::shown) {
    looked = now_is(std::move(looked), Standing::active, now_ms);
    for (const Selector& other : all) {
      if (other.standing != Standing::active || other.type != looked.type ||
          other.selector == looked.selector)
        continue;
      if (other.made_ms > looked.made_ms)
        looked = now_is(std::move(looked), Standing::old, now_ms);
      else
        changed.push_back(now_is(other, Standing::old, now_ms));
    }
  }
  changed.push_back(std::move(looked));
  return changed;
}

int64_t next_look_ms(const Selector& selector, int64_t now_ms) {
  switch (selector.standing) {
    case Standing::fresh:
      return selector.looked_ms == 0
                 ? 0
                 : selector.looked_ms +
                       std::clamp((now_ms - selector.made_ms) / part_of_age, first_look_ms, longest_look_ms);
    case Standing::active:
      return selector.looked_ms + longest_look_ms;
    case Standing::old:
    case Standing::retired:
      break;
  }
  return std::numeric_limits<int64_t>::max();
}

}  // namespace futar::mta
