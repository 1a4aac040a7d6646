// The legal states of a recipient, design §5, as one array that a test enumerates.
#pragma once
#include <cstdint>
#include <string_view>

namespace futar::mta {

// Values are on disk: never renumber.
enum class State : uint8_t {
  none = 0,       ///< before it is stored
  waiting = 1,    ///< has a due time, or waits on the link (due 0)
  in_flight = 2,  ///< offered to mda, or an attempt is under way
  held = 3,       ///< by operator or rule, with reason
  delivered = 4,
  relayed = 5,
  bounced = 6,
  expired = 7,
  expanded = 8,
  duplicate = 9,
  discarded = 10,
  cancelled = 11,
};
constexpr State last_state = State::cancelled;

constexpr bool is_open(State state) {
  return state == State::waiting || state == State::in_flight || state == State::held;
}

/// Who may make a transition.
enum class By : uint8_t {
  acceptance,  ///< the transaction that stores the recipient
  attempt,     ///< the end of an attempt, with mda or a remote host
  start,       ///< a start of mta: what was in flight waits again
  clock,       ///< a lifetime that has passed
  rule,        ///< a rule of the config
  person,      ///< the operator, by name
};

struct Transition {
  State from, to;
  By by;
};

/// Is it legal? Every UPDATE of recipient.state asks first.
bool is_legal(State from, State to, By by);

std::string_view name(State state);     ///< "in flight"
State state_of(std::string_view name);  ///< State::none if unknown

}  // namespace futar::mta
