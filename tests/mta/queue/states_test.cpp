#include "mta/queue/states.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using namespace futar::mta;

namespace {

std::vector<State> all_states() {
  std::vector<State> states;
  for (int i = 0; i <= static_cast<int>(last_state); ++i) states.push_back(static_cast<State>(i));
  return states;
}

constexpr By all_by[] = {By::acceptance, By::attempt, By::start, By::clock, By::rule, By::person};

bool can_go(State from, State to) {
  for (By by : all_by)
    if (is_legal(from, to, by)) return true;
  return false;
}

}  // namespace

TEST_CASE("the transitions are those of design §5 and no others") {
  using enum State;
  const std::map<State, std::set<State>> wanted{
      {none, {waiting, in_flight, held, duplicate}},
      {waiting, {in_flight, held, bounced, cancelled, expanded, discarded, expired}},
      {in_flight, {delivered, relayed, waiting, held, bounced, expanded, discarded, expired}},
      {held, {waiting, bounced, cancelled, expired}},
  };
  for (State from : all_states())
    for (State to : all_states()) {
      CAPTURE(name(from));
      CAPTURE(name(to));
      const auto row = wanted.find(from);
      CHECK(can_go(from, to) == (row != wanted.end() && row->second.contains(to)));
    }
}

TEST_CASE("a terminal state is never left") {
  for (State from : all_states()) {
    if (from == State::none || is_open(from)) continue;
    for (State to : all_states()) CHECK_FALSE(can_go(from, to));
  }
}

TEST_CASE("only a person removes, and only a start or an attempt takes mail out of flight") {
  for (State from : all_states()) {
    for (By by : all_by)
      if (is_legal(from, State::cancelled, by)) CHECK(by == By::person);
    CHECK_FALSE(is_legal(State::in_flight, from, By::clock));
  }
  CHECK(is_legal(State::in_flight, State::waiting, By::start));
}

TEST_CASE("each state has a name by which it is found again") {
  for (State state : all_states()) CHECK(state_of(name(state)) == state);
  CHECK(state_of("nonsense") == State::none);
}
