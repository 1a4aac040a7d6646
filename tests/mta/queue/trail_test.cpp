// The trail over a real queue: what is found, before and after it stands in runs.
#include <doctest/doctest.h>

#include "mta/trail/trail.h"
#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;
using proto::OutcomeState;

namespace {

struct Trailed : QueueFixture {
  explicit Trailed(trail::KeeperOptions options = {}) : keeper(loop, *writer_, *reader_, options) {}

  void catch_up() {
    Result<void> done;
    run_task(loop, [](trail::Keeper& k, Result<void>& out) -> Task<> {
      out = co_await k.catch_up();
    }(keeper, done));
    REQUIRE(done.has_value());
  }
  size_t found(const spool::TraceQuery& query, size_t limit = 100) {
    size_t count = 0;
    look([&](store::Database& database) { count = find_traced(database, query, limit)->size(); });
    return count;
  }
  int64_t number(const std::string& sql) {
    int64_t value = 0;
    look([&](store::Database& database) {
      auto s = *database.prepare(sql);
      if (*s.step()) value = s.integer(0);
    });
    return value;
  }
  int64_t unindexed() {
    int64_t count = 0;
    look([&](store::Database& database) { count = *trail::count_unindexed(database); });
    return count;
  }

  trail::Keeper keeper;
};

}  // namespace

TEST_CASE("a message is found by its words while it is in the tail, and when it stands in a run") {
  Trailed f;
  spool::Message m = f.message({"bob@futar.test", "eva@futar.test"}, "ann@example.org");
  const std::string id = m.id.text();
  REQUIRE(f.accept(std::move(m)).has_value());
  REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
  for (const bool in_run : {false, true}) {
    CAPTURE(in_run);
    if (in_run) f.catch_up();
    CHECK((f.unindexed() == 0) == in_run);
    CHECK(f.found({.what = "ann@example.org"}) == 1);
    CHECK(f.found({.what = "eva@futar.test"}) == 1);
    CHECK(f.found({.what = "@futar.test"}) == 2);
    CHECK(f.found({.from = "ann@example.org", .to = "bob@futar.test"}) == 1);
    CHECK(f.found({.from = "ann@example.org", .to = "alice@futar.test"}) == 0);
    CHECK(f.found({.what = id}) == 1);
    CHECK(f.found({.what = id.substr(20)}) == 1);
    CHECK(f.found({.what = id.substr(0, 22)}) == 1);
    CHECK(f.found({.what = "nobody@futar.test"}) == 0);
    CHECK(f.found({}) == 2);
    CHECK(f.found({.since_ms = f.clock.wall_ms() + 1}) == 0);
    CHECK(f.found({.ids = {*MessageId::parse(id)}}) == 1);
  }
}

TEST_CASE("who gets mail by an alias long after it was accepted is found, too") {
  Trailed f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"team@futar.test"})).has_value());
  f.catch_up();
  REQUIRE(f.wait_for_sent(1));
  f.answer(f.sent()[0], OutcomeState::expanded, "", {"alice@futar.test", "bob@futar.test"});
  REQUIRE(f.wait_for_sent(2));
  CHECK(f.found({.to = "bob@futar.test"}) == 1);
  f.catch_up();
  CHECK(f.unindexed() == 0);
  CHECK(f.found({.to = "bob@futar.test"}) == 1);
  // Sender and recipient stand in two runs then.
  CHECK(f.found({.from = "sender@futar.test", .to = "bob@futar.test"}) == 1);
}

TEST_CASE("runs are merged, so that many small ones leave few, and nothing is lost") {
  Trailed f;
  for (int i = 0; i < 40; ++i) {
    REQUIRE(f.accept(f.message({"bob@futar.test"}, fmt::format("s{}@example.org", i))).has_value());
    f.catch_up();
  }
  CHECK(f.number("SELECT count(*) FROM trail_run") <= 6);
  CHECK(f.number("SELECT count(*) FROM trail WHERE run NOT IN (SELECT run FROM trail_run)") == 0);
  for (int i = 0; i < 40; ++i) CHECK(f.found({.what = fmt::format("s{}@example.org", i)}) == 1);
  CHECK(f.found({.to = "bob@futar.test"}) == 40);
}

TEST_CASE("a word that many messages share fills several rows of a run, and each of them is found") {
  Trailed f;
  for (int i = 0; i < 300; ++i) REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  f.catch_up();
  CHECK(f.found({.to = "bob@futar.test"}, 1000) == 300);
  CHECK(f.found({.from = "sender@futar.test", .to = "@futar.test"}, 1000) == 300);
  CHECK(f.found({.to = "bob@futar.test"}, 7) == 7);
}

TEST_CASE("the trail is made anew when it was dropped, and goes on from its cursor after a start") {
  Trailed f;
  REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  f.catch_up();
  f.write([](store::Database& database) { return trail::forget_trail(database); });
  CHECK(f.unindexed() == 1);
  CHECK(f.found({.to = "bob@futar.test"}) == 1);
  f.catch_up();
  CHECK(f.unindexed() == 0);
  CHECK(f.number("SELECT count(*) FROM trail_run") == 1);
  CHECK(f.found({.to = "bob@futar.test"}) == 1);
}

TEST_CASE("a run whose making was broken off is swept away, and its messages stand in the next") {
  Trailed f;
  REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  f.write([](store::Database& database) -> Result<void> {
    const trail::Batch batch = TRY(trail::collect(database, 100));
    return trail::write_parts(database, TRY(trail::next_run(database)), batch, 0, 100);
  });
  CHECK(f.number("SELECT count(*) FROM trail") > 0);
  f.catch_up();
  CHECK(f.number("SELECT count(*) FROM trail WHERE run NOT IN (SELECT run FROM trail_run)") == 0);
  CHECK(f.found({.to = "bob@futar.test"}) == 1);
}

TEST_CASE("a damaged message is found by its recipients, and keeps the trail from nothing") {
  Trailed f;
  REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  REQUIRE(f.accept(f.message({"eva@futar.test"})).has_value());
  f.damage("UPDATE message SET envelope = '{' WHERE key = 1");
  f.damage("UPDATE events SET packed = x'ff' WHERE step = 1 << 20");
  f.catch_up();
  CHECK(f.unindexed() == 0);
  CHECK(f.found({.to = "eva@futar.test"}) == 1);
  CHECK(f.found({.to = "bob@futar.test"}) == 0);  // its row cannot be read: the audit names it
}

TEST_CASE("the keeper waits until mta is idle, or until enough is new") {
  trail::KeeperOptions options;
  options.look_every_ms = 5;
  Trailed f(options);
  f.keeper.start();
  REQUIRE(f.accept(f.message({"bob@futar.test"})).has_value());
  CHECK(run_until(f.loop, [&] { return f.unindexed() == 0; }));
  f.keeper.stop();
  run_until(f.loop, [&] { return f.loop.running() <= 3; }, 1000);
}
