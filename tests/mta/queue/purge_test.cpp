// An address that shall be forgotten goes out of the queue's history; the counts stay.
#include "mta/queue/purge_store.h"

#include <doctest/doctest.h>

#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;
using proto::OutcomeState;

namespace {

const smtp::Address bob{"bob", "futar.test"};

struct Purged : QueueFixture {
  int64_t erase() {
    int64_t count = 0;
    write([&](store::Database& database) -> Result<void> {
      for (int64_t key : TRY(messages_of(database, bob)))
        count += TRY(erase_from_history(database, key, bob));
      return {};
    });
    return count;
  }
  bool is_left(const char* name) {
    bool left = false;
    look([&](store::Database& database) {
      for (const char* table : {"message", "recipient", "events"}) {
        auto s = *database.prepare(std::string("SELECT * FROM ") + table);
        while (*s.step())
          for (int column = 0; column < 30; ++column) left |= s.blob(column).contains(name);
      }
    });
    return left;
  }
};

}  // namespace

TEST_CASE("sender, recipient, alias target and events lose the address; the audit finds nothing wrong") {
  Purged f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"team@futar.test"})).has_value());
  REQUIRE(f.accept(f.message({"eva@futar.test"}, "bob@futar.test")).has_value());
  REQUIRE(f.wait_for_sent(2));
  for (const auto& one : f.sent())
    f.answer(one, one.address.local == "team" ? OutcomeState::expanded : OutcomeState::delivered, "",
             one.address.local == "team" ? std::vector<std::string>{"alice@futar.test", "bob@futar.test"}
                                         : std::vector<std::string>{});
  REQUIRE(run_until(f.loop, [&] { return f.sent().size() == 2; }));
  for (const auto& one : f.sent()) f.answer(one, OutcomeState::delivered);
  REQUIRE(run_until(f.loop, [&] { return f.census().in_flight == 0; }));
  const Census before = f.census();
  REQUIRE(f.is_left("bob"));
  CHECK(f.erase() == 2);
  CHECK_FALSE(f.is_left("bob"));
  CHECK(f.is_left("alice"));
  CHECK(f.census().terminal == before.terminal);
  CHECK(f.problems().empty());
  CHECK(f.state_of("bob@futar.test") == State::none);
}

TEST_CASE("mail that is under way keeps the address it needs") {
  Purged f;
  REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  CHECK(f.erase() == 0);
  CHECK(f.state_of("bob@futar.test") == State::waiting);
}
