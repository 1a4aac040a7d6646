#include "mta/queue/backlog_store.h"

#include <doctest/doctest.h>

#include "mta/queue/queue_store.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::mta;
using store::Database;

namespace {

struct Rows {
  TempFolder folder;
  std::unique_ptr<Database> database = *Database::open(folder / "mta.db", Database::Mode::create);
  Rows() { REQUIRE(store::migrate(*database, queue_schema)); }

  std::string plan_of(const std::string& sql) {
    auto explained = *database->prepare("EXPLAIN QUERY PLAN " + sql);
    std::string plan;
    while (*explained.step()) plan += explained.text(3) + "\n";
    return plan;
  }
};

}  // namespace

TEST_CASE("an empty queue has no length and no oldest") {
  Rows rows;
  const QueueLength length = *queue_length(*rows.database);
  CHECK(length.for_mda == 0);
  CHECK(length.for_others == 0);
  CHECK(length.held == 0);
  CHECK(length.oldest_ms == 0);
}

TEST_CASE("the length of the queue is read from the indexes of what is open, not from the history") {
  Rows rows;
  for (const char* where :
       {"state = 1 AND destination IS NULL", "state = 1 AND destination IS NOT NULL", "state = 3"})
    for (const char* what : {"count(*)", "min(+id)"}) {
      const std::string plan = rows.plan_of(std::string("SELECT ") + what + " FROM recipient WHERE " + where);
      CAPTURE(plan);
      CHECK(plan.contains("INDEX recipient_"));
    }
}

TEST_CASE("the length tells what waits for mda, for others and what is held, and the oldest that waits") {
  Rows rows;
  REQUIRE(rows.database->execute(R"(
    INSERT INTO message(key, id, accepted_ms, size, header_size, proven, envelope, header, recipients)
      VALUES(1, x'01', 3000, 0, 0, 1, '{}', '', 4), (2, x'02', 2000, 0, 0, 1, '{}', '', 2);
    INSERT INTO recipient(message, local, domain, state, destination)
      VALUES(1, 'a', 'x', 4, NULL), (1, 'b', 'x', 1, NULL), (1, 'c', 'x', 1, NULL), (1, 'd', 'y', 3, 7),
            (2, 'e', 'y', 1, 7), (2, 'f', 'x', 2, NULL);
  )"));
  const QueueLength length = *queue_length(*rows.database);
  CHECK(length.for_mda == 2);
  CHECK(length.for_others == 1);
  CHECK(length.held == 1);
  CHECK(length.oldest_ms == 2000);
}

TEST_CASE("what is open is counted without its history, and told by destination or domain with its age") {
  Rows rows;
  REQUIRE(rows.database->execute(R"(
    INSERT INTO destination(key, name, due) VALUES(7, 'mx.example', 9000000);
    INSERT INTO message(key, id, accepted_ms, size, header_size, proven, envelope, header, recipients)
      VALUES(1, x'01', 3000, 0, 0, 1, '{}', '', 4), (2, x'02', 100000000, 0, 0, 1, '{}', '', 2);
    INSERT INTO recipient(message, local, domain, state, destination, due, last_attempt)
      VALUES(1, 'a', 'x', 4, NULL, 0, 0), (1, 'b', 'x', 1, NULL, 0, 0), (1, 'c', 'x', 1, NULL, 0, 0),
            (1, 'd', 'y', 3, 7, 0, 5), (2, 'e', 'y', 1, 7, 100, 4), (2, 'f', 'x', 2, NULL, 0, 0);
  )"));
  const OpenCounts open = *count_open(*rows.database);
  CHECK(open.waiting == 3);
  CHECK(open.in_flight == 1);
  CHECK(open.held == 1);
  CHECK(open.oldest_ms == 3000);
  const auto lengths = *length_by_destination(*rows.database, 100'000'500);
  REQUIRE(lengths.size() == 2);
  CHECK(lengths[0].name == "mx.example");
  CHECK(lengths[0].all == 2);
  CHECK(lengths[0].held == 1);
  CHECK(lengths[0].older == 1);
  CHECK(lengths[0].under_1h == 1);
  CHECK(lengths[0].next_ms == 9'000'000);
  CHECK(lengths[0].newest == 4);
  CHECK(lengths[1].name == "x");
  CHECK(lengths[1].all == 3);
  CHECK(lengths[1].next_ms == 0);
}
