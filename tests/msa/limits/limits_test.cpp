#include "msa/limits/limits.h"

#include <doctest/doctest.h>

#include "tests/fakes/clock.h"

using namespace futar;
using namespace futar::msa;

namespace {

constexpr int64_t minute = 60'000, hour = 60 * minute;
const std::string bob = "bob@example.org";

struct World {
  FakeClock clock;
  std::unique_ptr<store::Database> database =
      store::Database::open(":memory:", store::Database::Mode::create).value();
  Limits limits{{.hour = 100, .day = 500}, clock};
  World() { REQUIRE(limits.load(*database)); }

  // Whether it may be sent.
  bool send(uint64_t recipients, uint64_t own_limit = 0, const std::string& login = bob) {
    const auto verdict = limits.charge(login, recipients, own_limit);
    REQUIRE(verdict.record(*database));
    return verdict.hold_reason.empty();
  }
};

}  // namespace

TEST_CASE("an account sends up to its limit of an hour, then its mail is held until the hour has passed") {
  World world;
  CHECK(world.send(60));
  CHECK(world.send(40));
  CHECK_FALSE(world.send(1));
  CHECK(world.limits.charge(bob, 1, 0).hold_reason ==
        "over the sending limit: 100 recipients within an hour and 1 more, 100 allowed");
  world.clock.advance_ms(30 * minute);
  CHECK_FALSE(world.send(1));
  world.clock.advance_ms(36 * minute);
  CHECK(world.send(100));
}

TEST_CASE("what was held does not count, so a smaller message still goes") {
  World world;
  CHECK(world.send(50));
  CHECK_FALSE(world.send(60));
  CHECK(world.send(50));
  CHECK_FALSE(world.send(1));
}

TEST_CASE("the limit of a day holds over the hours") {
  World world;
  for (int i = 0; i < 5; ++i) {
    CHECK(world.send(100));
    world.clock.advance_ms(2 * hour);
  }
  CHECK_FALSE(world.send(1));
  world.clock.advance_ms(15 * hour);
  CHECK(world.send(1));
}

TEST_CASE("accounts do not count for each other") {
  World world;
  CHECK(world.send(100));
  CHECK(world.send(100, 0, "eva@example.org"));
}

TEST_CASE("an account's own limit replaces those of the config") {
  World world;
  CHECK(world.send(700, 1000));
  CHECK_FALSE(world.send(301, 1000));
  CHECK(world.send(300, 1000));
}

TEST_CASE("a limit of 0 is none") {
  World world;
  world.limits.set_options({.hour = 0, .day = 0});
  for (int i = 0; i < 10; ++i) CHECK(world.send(1000));
}

TEST_CASE("postmaster is told once a day") {
  World world;
  CHECK_FALSE(world.limits.charge(bob, 100, 0).tell_postmaster);
  CHECK(world.limits.charge(bob, 1, 0).tell_postmaster);
  CHECK_FALSE(world.limits.charge(bob, 1, 0).tell_postmaster);
  world.clock.advance_ms(25 * hour);
  CHECK(world.limits.charge(bob, 101, 0).tell_postmaster);
}

TEST_CASE("the verdict tells how much of the limit is used") {
  World world;
  world.send(2);
  const auto verdict = world.limits.charge(bob, 1, 0);
  CHECK(verdict.hour == 3);
  CHECK(verdict.limit_hour == 100);
  CHECK(verdict.day == 3);
  CHECK(verdict.limit_day == 500);
}

TEST_CASE("a message that was not stored is given back") {
  World world;
  world.limits.charge(bob, 100, 0);
  world.limits.refund(bob, 100);
  CHECK(world.send(100));
}

TEST_CASE("counts survive a restart, and old ones are dropped") {
  World world;
  CHECK(world.send(90));
  world.clock.advance_ms(2 * hour);
  CHECK(world.send(50));
  Limits again({.hour = 100, .day = 500}, world.clock);
  REQUIRE(again.load(*world.database));
  CHECK(again.charge(bob, 51, 0).hold_reason != "");
  CHECK(again.charge(bob, 0, 0).day == 140);
  world.clock.advance_ms(23 * hour);
  REQUIRE(again.load(*world.database));
  Limits later({.hour = 100, .day = 500}, world.clock);
  REQUIRE(later.load(*world.database));
  CHECK(later.charge(bob, 0, 0).day == 50);
}

TEST_CASE("a job that runs twice counts once") {
  World world;
  const auto verdict = world.limits.charge(bob, 7, 0);
  REQUIRE(verdict.record(*world.database));
  REQUIRE(verdict.record(*world.database));
  Limits again({.hour = 100, .day = 500}, world.clock);
  REQUIRE(again.load(*world.database));
  CHECK(again.charge(bob, 0, 0).hour == 7);
}

TEST_CASE("a clock that was ahead and set back does not keep counts for ever") {
  World world;
  world.clock.jump_wall_ms(10 * 24 * hour);
  CHECK(world.send(100));
  world.clock.jump_wall_ms(-10 * 24 * hour);
  CHECK(world.send(100));
}
