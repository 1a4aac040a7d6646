#include "deploy/futar/render/pairs.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "common/base/ids.h"
#include "tests/fakes/clock.h"

using namespace futar;
using namespace futar::deploy;
using nlohmann::json;

TEST_CASE("only blocks that differ are looked at one by one; what the other end has beyond does not matter") {
  const json of{{"blocks", {{0, 10, "aa"}, {1, 5, "bb"}, {3, 1, "cc"}}}};
  const json at{{"blocks", {{0, 10, "aa"}, {1, 6, "bd"}, {2, 9, "ee"}}}};
  const Differing differing = differing_blocks(of, at);
  CHECK(differing.blocks == std::vector<int64_t>{1, 3});
  CHECK(differing.total == 16);
  CHECK(differing_blocks(of, of).blocks.empty());
}

TEST_CASE("a pair that the other end does not have is named, unless it is so old that it may be forgotten") {
  FakeClock clock;
  const std::string known = MessageId::make(clock).text(), lost = MessageId::make(clock).text();
  const json of{{"pairs", {{1, known}, {2, lost}}}};
  const json at{{"pairs", {{1, known}, {7, lost}}}};
  const auto missing = missing_pairs(of, at, clock.wall_ms() - 1000);
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].number == 2);
  CHECK(missing[0].id == lost);
  CHECK(missing_pairs(of, at, clock.wall_ms() + 1000).empty());
  CHECK(missing_pairs(at, of, 0).size() == 1);
}

TEST_CASE("an answer that is damaged is no pair") {
  const json odd{{"pairs", {{1}, {"x", "y"}, 5, nullptr}}, {"blocks", {{1, 2}, "x"}}};
  CHECK(missing_pairs(odd, json::object(), 0).empty());
  CHECK(differing_blocks(odd, json::object()).blocks.empty());
}
