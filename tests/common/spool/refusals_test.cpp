#include "common/spool/refusals.h"

#include <doctest/doctest.h>

#include "common/store/ask.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::spool;
using event::Event;
using event::Field;
using event::Kind;
using store::Database;

namespace {

constexpr int64_t week_ms = 7LL * 24 * 3600 * 1000;

Event refusal(int64_t wall_ms, std::vector<std::string> recipients = {"bob@example.org"}) {
  Event event(wall_ms, Kind::refused);
  event.with(Field::client, "203.0.113.80")
      .with(Field::at, "RCPT")
      .with(Field::reverse_path, "Eve@Elsewhere.example");
  for (std::string& recipient : recipients) event.with(Field::recipient, std::move(recipient));
  return event.with(Field::reply, "550 5.1.1 No such user here");
}

struct Table {
  TempFolder folder;
  FakeClock clock;
  std::unique_ptr<Database> database = *Database::open(folder / "x.db", Database::Mode::create);
  Table() { REQUIRE(create_refused_table(*database)); }

  MessageId add(std::vector<std::string> recipients = {"bob@example.org"}) {
    const MessageId id = MessageId::make(clock);
    REQUIRE(insert_refused(*database, {id, {refusal(clock.wall_ms(), std::move(recipients))}}));
    return id;
  }
  size_t count(const TraceQuery& query = {}) { return find_refused(*database, query, 1000)->size(); }
};

struct Journal {
  TempFolder folder;
  FakeClock clock;
  net::Loop loop;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<store::Reader> reader;

  Journal() {
    auto database = *Database::open(folder / "x.db", Database::Mode::create);
    REQUIRE(create_refused_table(*database));
    writer =
        std::make_unique<store::Writer>(loop, std::move(database), [](Error error) { FAIL(error.text); });
    reader = std::make_unique<store::Reader>(loop, *writer);
  }
  size_t rows() {
    size_t count = 0;
    run_task(loop, [](store::Reader& from, size_t& out) -> Task<> {
      auto found = co_await store::ask<std::vector<Refused>>(
          from, [](Database& db) { return find_refused(db, {}, 100'000); });
      out = found->size();
    }(*reader, count));
    return count;
  }
  void flush(Refusals& refusals) {
    run_task(loop, [](Refusals& r) -> Task<> { co_await r.flush(); }(refusals));
  }
};

}  // namespace

TEST_CASE("a refusal is found by its id, a part of it, client, sender, recipient, domain and time") {
  Table table;
  const MessageId id = table.add({"Bob@example.org", "eva@example.org"});
  table.clock.advance_ms(60'000);
  const MessageId other = table.add({"tom@example.net"});
  const std::string text = id.text();
  for (const TraceQuery& query : std::initializer_list<TraceQuery>{
           {.what = text, .from = {}, .to = {}, .client = {}},
           {.what = text.substr(20), .from = {}, .to = {}, .client = {}},
           {.what = "BOB@example.org", .from = {}, .to = {}, .client = {}},
           {.what = {}, .from = {}, .to = "eva@example.org", .client = {}},
           {.what = {}, .from = "eve@elsewhere.example", .to = "@example.org", .client = "203.0.113.80"}}) {
    CAPTURE(query.what + "|" + query.to);
    const auto found = find_refused(*table.database, query, 10);
    REQUIRE(found->size() == 1);
    CHECK(found->front().id == id);
    CHECK(event::words(found->front().events.back()) ==
          "refused at RCPT; told it \"550 5.1.1 No such user here\"");
  }
  CHECK(table.count() == 2);
  CHECK(find_refused(*table.database, {}, 1)->front().id == other);  // the newest
  CHECK(table.count({.what = {}, .from = {}, .to = {}, .client = {}, .since_ms = other.wall_ms()}) == 1);
  for (const char* what : {"example.org", "ob@example.org", "b@example.or", "@example.org ", "5"})
    CHECK(table.count({.what = what, .from = {}, .to = {}, .client = {}}) == 0);
  CHECK(table.count({.what = {}, .from = {}, .to = {}, .client = "203.0.113.8"}) == 0);
}

TEST_CASE("refusals go when they are old or too many, the oldest first, a few at a time") {
  Table table;
  for (int i = 0; i < 10; ++i) {
    table.add();
    table.clock.advance_ms(1000);
  }
  const int64_t now = table.clock.wall_ms();
  CHECK(*forget_refused(*table.database, now - 6'000, 100, 3) == 3);
  CHECK(*forget_refused(*table.database, now - 6'000, 100, 3) == 1);
  CHECK(*forget_refused(*table.database, now - 6'000, 100, 3) == 0);
  CHECK(table.count() == 6);
  CHECK(*forget_refused(*table.database, 0, 2, 100) == 4);
  CHECK(table.count() == 2);
  CHECK(table.count({.what = {}, .from = {}, .to = {}, .client = {}, .since_ms = now - 2'000}) == 2);
}

TEST_CASE("a damaged row of a refusal is passed over") {
  Table table;
  table.add();
  REQUIRE(table.database->execute("UPDATE refused SET events = x'ff'"));
  table.add();
  CHECK(table.count() == 1);
}

TEST_CASE("what is refused is in the table after its time, many in few commits") {
  Journal journal;
  Refusals refusals(journal.loop, *journal.writer, journal.clock, week_ms, {.collect_ms = 20});
  refusals.start();
  for (int i = 0; i < 1000; ++i)
    refusals.add(MessageId::make(journal.clock), {refusal(journal.clock.wall_ms())});
  CHECK(refusals.counts().kept == 0);
  REQUIRE(run_until(journal.loop, [&] { return refusals.counts().kept == 1000; }));
  CHECK(journal.writer->statistics().jobs <= 10);
  CHECK(journal.rows() == 1000);
  CHECK(refusals.pending() == 0);
}

TEST_CASE("a flood of refusals takes bounded memory: what is over it is counted, not kept") {
  Journal journal;
  for (const RefusalLimits& limits :
       {RefusalLimits{.pending_rows = 300}, RefusalLimits{.pending_octets = 60'000}}) {
    Refusals refusals(journal.loop, *journal.writer, journal.clock, week_ms, limits);
    const size_t before = journal.rows();
    for (int i = 0; i < 1000; ++i)
      refusals.add(MessageId::make(journal.clock), {refusal(journal.clock.wall_ms())});
    CHECK(refusals.pending() <= 300);
    CHECK(refusals.counts().dropped == 1000 - refusals.pending());
    CHECK(refusals.counts().dropped >= 700);
    journal.flush(refusals);
    CHECK(journal.rows() == before + refusals.counts().kept);
    CHECK(refusals.pending() == 0);
    refusals.add(MessageId::make(journal.clock), {refusal(journal.clock.wall_ms())});
    CHECK(refusals.pending() == 1);
    journal.flush(refusals);
  }
}

TEST_CASE("the table of refusals stays below its rows, and old ones go with the next write") {
  Journal journal;
  Refusals refusals(journal.loop, *journal.writer, journal.clock, week_ms, {.rows = 250});
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 200; ++i)
      refusals.add(MessageId::make(journal.clock), {refusal(journal.clock.wall_ms())});
    journal.flush(refusals);
    CHECK(journal.rows() <= 250);
  }
  journal.clock.advance_ms(week_ms + 1);
  journal.flush(refusals);
  CHECK(journal.rows() == 0);
}
