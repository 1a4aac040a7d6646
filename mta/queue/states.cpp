#include "mta/queue/states.h"

#include <algorithm>
#include <array>

namespace futar::mta {
namespace {

using enum State;

constexpr std::array transitions{
    Transition{none, waiting, By::acceptance},     Transition{none, in_flight, By::acceptance},
    Transition{none, held, By::acceptance},        Transition{none, duplicate, By::acceptance},

    Transition{waiting, in_flight, By::attempt},   Transition{waiting, held, By::person},
    Transition{waiting, held, By::rule},           Transition{waiting, bounced, By::person},
    Transition{waiting, bounced, By::attempt},     Transition{waiting, cancelled, By::person},
    Transition{waiting, expanded, By::attempt},    Transition{waiting, discarded, By::rule},
    Transition{waiting, expired, By::clock},

    Transition{in_flight, delivered, By::attempt}, Transition{in_flight, relayed, By::attempt},
    Transition{in_flight, waiting, By::attempt},   Transition{in_flight, waiting, By::start},
    Transition{in_flight, held, By::attempt},      Transition{in_flight, held, By::person},
    Transition{in_flight, bounced, By::attempt},   Transition{in_flight, expanded, By::attempt},
    Transition{in_flight, discarded, By::attempt}, Transition{in_flight, expired, By::attempt},

    Transition{held, waiting, By::person},         Transition{held, bounced, By::person},
    Transition{held, cancelled, By::person},       Transition{held, expired, By::clock},
};

constexpr std::array<std::string_view, static_cast<size_t>(last_state) + 1> names{
    "none",    "waiting", "in flight", "held",      "delivered", "relayed",
    "bounced", "expired", "expanded",  "duplicate", "discarded", "cancelled"};

}  // namespace

bool is_legal(State from, State to, By by) {
  return std::ranges::any_of(transitions,
                             [&](const Transition& t) { return t.from == from && t.to == to && t.by == by; });
}

std::string_view name(State state) { return names.at(static_cast<size_t>(state)); }

State state_of(std::string_view text) {
  const auto at = std::ranges::find(names, text);
  return at == names.end() ? none : static_cast<State>(at - names.begin());
}

}  // namespace futar::mta
