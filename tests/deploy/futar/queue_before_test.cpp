#include "deploy/futar/queue_before.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace futar::deploy;
using nlohmann::json;

namespace {

constexpr int64_t now = 1795528927000, hour = 3'600'000;

json item(const char* to, const char* state, int64_t age_ms, const char* reason = "") {
  return {{"to", to}, {"state", state}, {"reason", reason}, {"due", nullptr}, {"accepted_ms", now - age_ms}};
}

}  // namespace

TEST_CASE("what an mta of the release before lists is counted by destination and age") {
  json later = item("c@two.example", "waiting", 30 * hour, "gone"),
       linked = item("d@two.example", "waiting", 0);
  later["due"] = "2026-11-24T22:00:00.000Z";
  later["last_attempt_ms"] = now;
  linked["on_link"] = true;
  linked["due"] = "2026-11-24T21:00:00.000Z";
  const json destinations = queue_by_destination(
      {item("a@one.example", "waiting", 0), item("b@one.example", "held", 2 * hour, "by bob"), later, linked},
      now);
  REQUIRE(destinations.size() == 2);
  CHECK(destinations[0] == json{{"destination", "one.example"},
                                {"all", 2},
                                {"under_1h", 1},
                                {"under_4h", 1},
                                {"under_1d", 0},
                                {"older", 0},
                                {"held", 1},
                                {"next", nullptr},
                                {"last", "by bob"}});
  CHECK(destinations[1]["next"] == "2026-11-24T21:00:00.000Z");
  CHECK(destinations[1]["last"] == "gone");  // of the recipient that was tried last
  CHECK(destinations[1]["older"] == 1);
  CHECK(queue_by_destination(json::array(), now) == json::array());
}
