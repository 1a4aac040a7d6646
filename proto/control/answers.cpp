#include "proto/control/answers.h"

#include <nlohmann/json.hpp>

#include "common/base/clock.h"

namespace futar::proto {

using nlohmann::json;

json link_answer(const LinkState& state) {
  return {
      {"up", state.up}, {"peer", state.peer}, {"credit", state.credit}, {"in_transfer", state.in_transfer}};
}

json event_answers(std::string_view agent, const std::vector<event::Event>& events) {
  json answers = json::array();
  for (const event::Event& e : events)
    answers.push_back({{"t", rfc3339(e.wall_ms)},
                       {"agent", agent},
                       {"kind", event::name(e.kind)},
                       {"text", event::words(e)},
                       {"cause", e.get(event::Field::cause)}});
  return answers;
}

}  // namespace futar::proto
