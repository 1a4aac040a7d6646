// Things that must not be in msa.db, planted one by one: the audit names each.
#include "msa/to_mta/spool_store.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/fakes/clock.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::msa;
using store::Database;

namespace {

/// Message 1 is handed over, message 2 waits for mta.
struct Spool {
  TempFolder folder;
  FakeClock clock;
  std::unique_ptr<Database> database = *Database::open(folder / "msa.db", Database::Mode::create);

  Spool() {
    REQUIRE(store::migrate(*database, spool_schema));
    for (int i = 0; i < 2; ++i) {
      spool::Message message;
      message.id = MessageId::make(clock);
      message.envelope.recipients.push_back({{"bob", "example.org"}, {}});
      message.header = "Subject: x\r\n\r\n";
      message.body.bytes = std::make_shared<const std::string>("x\r\n");
      message.body.size = 3;
      REQUIRE(insert_spooled(*database, message, {}));
    }
    REQUIRE(set_handed_over(*database, {{1, 1}}));
    REQUIRE(find_problems(*database)->empty());
  }
};

struct Planted {
  const char* sql;
  const char* problem;
};

constexpr Planted plants[] = {
    {"DELETE FROM message WHERE key = 2", "message 2 waits for mta, but it is not there"},
    {"UPDATE message SET header = NULL WHERE key = 2", "message 2 waits for mta, but its content is gone"},
    {"DELETE FROM outgoing", "message 2 is neither handed over nor waits for it"},
    {"DELETE FROM content WHERE key = 2", "the body of message 2 is missing"},
    {"INSERT INTO content(key, body) VALUES(7, x'41')", "the body 7 belongs to no message"},
    {"UPDATE message SET envelope = '{' WHERE key = 1", "the row of message 1 is damaged"},
};

}  // namespace

TEST_CASE("each planted inconsistency of the spool is found") {
  for (const Planted& plant : plants) {
    Spool spool;
    REQUIRE(spool.database->execute(plant.sql));
    const auto problems = *find_problems(*spool.database);
    CAPTURE(std::string(plant.sql));
    CHECK(std::ranges::count(problems, plant.problem) == 1);
  }
}

TEST_CASE("the spool counts what it has taken and what waits") {
  Spool spool;
  const Counts counts = *count_spool(*spool.database);
  CHECK(counts.accepted == 2);
  CHECK(counts.spooled == 1);
}

TEST_CASE("what was handed over goes after trace.keep, what waits for mta stays, and the counts stay") {
  Spool spool;
  REQUIRE(spool.database->execute("UPDATE message SET accepted_ms = 1000"));
  CHECK(forget_handed_over(*spool.database, 1000, 0, 200)->count == 0);
  const auto forgotten = *forget_handed_over(*spool.database, 1001, 0, 200);
  CHECK(forgotten.count == 1);
  CHECK(forgotten.at_end);
  CHECK_FALSE(*spool::load_message(*spool.database, 1));
  CHECK(*spool::load_message(*spool.database, 2));
  for (const Counts& counts : {*count_spool(*spool.database), *count_rows(*spool.database)}) {
    CHECK(counts.accepted == 2);
    CHECK(counts.spooled == 1);
  }
  CHECK(find_problems(*spool.database)->empty());
}

TEST_CASE("a step of retention ends at its limit and says where the next goes on") {
  Spool spool;
  REQUIRE(set_handed_over(*spool.database, {{2, 2}}));
  auto step = *forget_handed_over(*spool.database, INT64_MAX, 0, 1);
  CHECK(step.count == 1);
  CHECK_FALSE(step.at_end);
  CHECK(step.after == 1);
  step = *forget_handed_over(*spool.database, INT64_MAX, step.after, 1);
  CHECK(step.count == 1);
  CHECK(outgoing_keys(*spool.database)->empty());
  CHECK(count_rows(*spool.database)->accepted == 2);
}

TEST_CASE("what is read again for mta names the client, so that mta's trail finds it") {
  Spool spool;
  REQUIRE(spool::append_events(
      *spool.database, 2,
      {event::Event(1, event::Kind::accepted).with(event::Field::client, "203.0.113.9")}));
  const Backlog backlog = *load_spooled(*spool.database, 0, 10);
  REQUIRE(backlog.items.size() == 1);
  CHECK(backlog.items[0].message.client == "203.0.113.9");
}
