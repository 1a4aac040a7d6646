#include "mta/schedule/lanes.h"

#include <doctest/doctest.h>

using namespace futar::mta;

TEST_CASE("a destination begins with one session and gets more with success, up to its most") {
  Lanes lanes(3);
  CHECK(lanes.allowed() == 1);
  lanes.succeeded();
  CHECK(lanes.allowed() == 2);
  lanes.succeeded();
  CHECK(lanes.allowed() == 2);
  lanes.succeeded();
  CHECK(lanes.allowed() == 3);
  for (int i = 0; i < 10; ++i) lanes.succeeded();
  CHECK(lanes.allowed() == 3);
}

TEST_CASE("a failure halves, and one session always stays") {
  Lanes lanes(20);
  for (int i = 0; i < 100; ++i) lanes.succeeded();
  const size_t before = lanes.allowed();
  lanes.failed();
  CHECK(lanes.allowed() == before / 2);
  for (int i = 0; i < 10; ++i) lanes.failed();
  CHECK(lanes.allowed() == 1);
}

TEST_CASE("a rate spaces messages evenly; pauses earn no burst") {
  Pace pace(100);
  CHECK(pace.take(1000) == 0);
  CHECK(pace.take(1000) == 100);
  CHECK(pace.take(1000) == 200);
  CHECK(pace.take(5000) == 0);
  CHECK(pace.take(5000) == 100);
  CHECK(Pace().take(0) == 0);
}
