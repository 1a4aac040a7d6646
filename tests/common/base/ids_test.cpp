#include "common/base/ids.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/fakes/clock.h"

using namespace futar;

TEST_CASE("an id survives its text and its blob") {
  FakeClock clock(1'764'000'000'123);
  const MessageId id = MessageId::make(clock);
  CHECK(id.text().size() == 26);
  CHECK(*MessageId::parse(id.text()) == id);
  CHECK(*MessageId::from_blob(id.blob()) == id);
  CHECK(id.wall_ms() == clock.wall_ms());
}

TEST_CASE("ids sort by time and differ within a millisecond") {
  FakeClock clock(1'764'000'000'000);
  std::set<std::string> same;
  for (int i = 0; i < 1000; ++i) same.insert(MessageId::make(clock).text());
  CHECK(same.size() == 1000);
  clock.advance_ms(1);
  CHECK(*same.rbegin() < MessageId::make(clock).text());
}

TEST_CASE("text that is no id is refused") {
  for (std::string_view text : {"", "short", "01kb3m7q2v8x0z4c9r5t1n6w3", "81kb3m7q2v8x0z4c9r5t1n6w3y",
                                "01kb3m7q2v8x0z4c9r5t1n6wiy", "01kb3m7q2v8x0z4c9r5t1n6w3yy"})
    CHECK_FALSE(MessageId::parse(text).has_value());
}
