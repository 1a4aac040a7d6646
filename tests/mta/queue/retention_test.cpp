// History that is older than trace.keep goes; what is open stays, and the sums of the audit hold.
#include "mta/queue/retention.h"

#include <doctest/doctest.h>

#include "mta/queue/retention_store.h"
#include "mta/trail/trail.h"
#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;
using proto::OutcomeState;

namespace {

constexpr int64_t day_ms = 86'400'000;

struct Kept : QueueFixture {
  Kept() { queue->link_up(); }

  void deliver_all() {
    REQUIRE(run_until(loop, [this] {
      for (const auto& one : sent()) {
        const bool is_alias = one.address.local == "team";
        answer(one, is_alias ? OutcomeState::expanded : OutcomeState::delivered, "",
               is_alias ? std::vector<std::string>{"alice@futar.test", "bob@futar.test"}
                        : std::vector<std::string>{});
      }
      const Census c = census();
      return c.waiting + c.in_flight == 0;
    }));
  }
  int64_t pass() {
    spool::RetentionOptions options;
    options.step = 3;
    options.pause_ms = 1;
    auto retention = history_retention(loop, *writer_, *queue, options);
    Result<int64_t> gone;
    run_task(loop, [](spool::Retention& r, Result<int64_t>& out) -> Task<> {
      out = co_await r.pass();
    }(*retention, gone));
    REQUIRE(gone.has_value());
    return *gone;
  }
  bool adds_up() {
    const Census c = census();
    return c.accepted + c.added == c.terminal + c.waiting + c.in_flight + c.held;
  }
  int64_t number(const std::string& sql) {
    int64_t value = 0;
    look([&](store::Database& database) {
      auto s = *database.prepare(sql);
      if (*s.step()) value = s.integer(0);
    });
    return value;
  }
};

}  // namespace

TEST_CASE("what ended longer ago than trace.keep goes with all its rows, and the sums stay") {
  Kept f;
  for (int i = 0; i < 7; ++i)
    REQUIRE(f.accept(f.message({i == 3 ? "team@futar.test" : "bob@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(7));
  f.deliver_all();
  const Census before = f.census();
  CHECK(before.terminal == 9);
  CHECK(f.pass() == 0);
  f.clock.advance_ms(31 * day_ms);
  CHECK(f.pass() == 7);
  const Census after = f.census();
  CHECK(after.messages == 0);
  CHECK(after.accepted == before.accepted);
  CHECK(after.added == before.added);
  CHECK(after.terminal == before.terminal);
  CHECK(f.adds_up());
  CHECK(f.problems().empty());
  CHECK(f.number("SELECT (SELECT count(*) FROM recipient) + (SELECT count(*) FROM events) + (SELECT count(*) "
                 "FROM content) + (SELECT count(*) FROM dsn)") == 0);
}

TEST_CASE("a message that is still open is not deleted however old, and what lies behind it goes") {
  Kept f;
  REQUIRE(f.accept(f.message({"eva@futar.test"})).has_value());
  for (int i = 0; i < 4; ++i) REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(5));
  for (const auto& one : f.sent())
    if (one.address.local == "bob") f.answer(one, OutcomeState::delivered);
  REQUIRE(run_until(f.loop, [&] { return f.census().terminal == 4; }));
  f.clock.advance_ms(31 * day_ms);
  CHECK(f.pass() == 4);
  CHECK(f.census().messages == 1);
  CHECK(f.state_of("eva@futar.test") == State::in_flight);
  CHECK(f.adds_up());
  CHECK(f.problems().empty());
}

TEST_CASE("what ended lately stays, although it was accepted long ago") {
  Kept f;
  REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  f.clock.advance_ms(31 * day_ms);
  f.answer(f.sent()[0], OutcomeState::delivered);
  REQUIRE(f.wait_for_state("bob@futar.test", State::delivered));
  CHECK(f.pass() == 0);
  f.clock.advance_ms(31 * day_ms);
  CHECK(f.pass() == 1);
}

TEST_CASE("a notification that was forgotten before its message is no fault") {
  Kept f;
  REQUIRE(f.accept(f.message({"bob@futar.test", "eva@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(2));
  for (const auto& one : f.sent())
    f.answer(one, one.address.local == "bob" ? OutcomeState::failed : OutcomeState::later, "no");
  REQUIRE(run_until(f.loop, [&] { return f.number("SELECT count(*) FROM message") == 2; }));
  REQUIRE(f.wait_for_sent(1));
  for (const auto& one : f.sent())
    if (one.address.local == "sender") f.answer(one, OutcomeState::delivered);
  REQUIRE(f.wait_for_state("sender@futar.test", State::delivered));
  f.clock.advance_ms(31 * day_ms);
  CHECK(f.pass() == 1);
  CHECK(f.census().messages == 1);
  CHECK(f.problems().empty());
}

TEST_CASE("of what msa handed over only what it has confirmed is forgotten, and still counted") {
  Kept f;
  const auto taken = [&] {
    int64_t count = 0;
    f.look([&](store::Database& database) { count = count_seen(database)->at(0).second; });
    return count;
  };
  f.write([&](store::Database& database) -> Result<void> {
    const int64_t peer = TRY(peer_key(database, "spool"));
    for (int64_t sequence = 1; sequence <= 5; ++sequence)
      TRY(insert_seen(database, peer, 2, sequence, MessageId::make(f.clock)));
    return insert_seen(database, peer, 1, 9, MessageId::make(f.clock));
  });
  CHECK(taken() == 6);
  f.clock.advance_ms(31 * day_ms);
  f.pass();
  CHECK(f.number("SELECT count(*) FROM seen") == 6);
  f.queue->confirm("spool", {2, 4});
  f.pass();
  CHECK(f.number("SELECT count(*) FROM seen") == 2);
  CHECK(f.number("SELECT min(sequence) FROM seen") == 4);
  CHECK(taken() == 6);
}

TEST_CASE("runs of the trail go with their messages") {
  Kept f;
  REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  f.deliver_all();
  f.write([](store::Database& database) -> Result<void> {
    const trail::Cursor from = TRY(trail::cursor_of(database));
    const trail::Batch batch = TRY(trail::collect(database, 100));
    const int64_t run = TRY(trail::next_run(database));
    TRY(trail::write_parts(database, run, batch, 0, 100));
    TRY(trail::publish(database, run, batch, from));
    return {};
  });
  CHECK(f.number("SELECT count(*) FROM trail_run") == 1);
  f.clock.advance_ms(31 * day_ms);
  CHECK(f.pass() == 1);
  CHECK(f.number("SELECT count(*) FROM trail_run") == 0);
}
