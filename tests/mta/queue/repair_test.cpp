// What `futar audit --repair` does to a queue, and what it leaves alone.
#include "mta/queue/repair_store.h"

#include "mta/queue/destination_store.h"
#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

RouteRules away() {
  RouteRules rules;
  rules.smart_host = *parse_host_url("smtp://relay.example:25");
  return rules;
}

struct Bench : QueueFixture {
  Bench() : QueueFixture(away()) { REQUIRE(accept(message({"eve@remote.example"}))); }

  std::vector<std::string> repair(const std::vector<std::string>& missing = {}) {
    std::vector<std::string> done;
    write([&](store::Database& database) -> Result<void> {
      done = TRY(repair_queue(database, missing, "alice", clock.wall_ms())).done;
      return {};
    });
    return done;
  }
  bool is_told(const std::string& words) {
    bool told = false;
    look([&](store::Database& database) {
      for (const event::Event& event : spool::load_events(database, 1).value())
        told |= event.kind == event::Kind::repaired && event.get(event::Field::by) == "alice" &&
                event.get(event::Field::what).find(words) != std::string::npos;
    });
    return told;
  }
};

}  // namespace

TEST_CASE("a repair of a queue in order does nothing") {
  Bench bench;
  CHECK(bench.repair().empty());
  CHECK(bench.recipient(1).state == State::waiting);
}

TEST_CASE("what waits without its content is held, and its trace tells who did it") {
  Bench bench;
  SUBCASE("its body is gone") { bench.damage("DELETE FROM content"); }
  SUBCASE("its header is gone") { bench.damage("UPDATE message SET header = NULL"); }
  CHECK(bench.repair().size() == 1);
  CHECK(bench.recipient(1).state == State::held);
  CHECK(bench.recipient(1).reason.find("alice") != std::string::npos);
  CHECK(bench.is_told("held, since its content is missing"));
  CHECK(bench.repair().empty());
}

TEST_CASE("a body file that is not there holds the recipients of its message") {
  Bench bench;
  bench.damage("UPDATE message SET file = 'gone'");
  CHECK(bench.repair({"another"}).empty());
  CHECK(bench.repair({"gone"}).size() == 1);
  CHECK(bench.recipient(1).state == State::held);
}

TEST_CASE("a recipient in no legal state is scheduled") {
  Bench bench;
  bench.damage("UPDATE recipient SET state = 14, due = 0");
  CHECK(bench.repair().size() == 1);
  CHECK(bench.recipient(1).state == State::waiting);
  CHECK(bench.recipient(1).due_ms == bench.clock.wall_ms());
  CHECK(bench.is_told("scheduled"));
  CHECK(bench.problems().empty());
}

TEST_CASE("a recipient that waits for a destination that is not there gets one by its domain") {
  Bench bench;
  bench.damage("UPDATE recipient SET destination = 4711");
  CHECK(bench.repair().size() == 1);
  bench.look([&](store::Database& database) {
    CHECK(load_destination(database, bench.recipient(1).destination).value().name == "remote.example");
  });
  CHECK(bench.problems().empty());
}

TEST_CASE("the content of what has ended goes; that of what a person must look at stays") {
  Bench bench;
  bench.damage("UPDATE recipient SET state = 5");
  CHECK(bench.repair().size() == 1);
  CHECK(bench.problems().empty());
  bench.damage("DELETE FROM recipient");
  bench.damage("UPDATE message SET header = 'x'");
  CHECK(bench.repair().empty());
}
