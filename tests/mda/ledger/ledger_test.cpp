#include "mda/ledger/ledger.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "tests/fakes/clock.h"
#include "tests/mda/run_task.h"
#include "tests/mda/temp_folder.h"

using namespace futar;
using namespace futar::mda;

namespace {

FakeClock test_clock;

Record delivered(int64_t sender, int64_t row, const MessageId& id,
                 const std::string& recipient = "bob@example.org") {
  Record record;
  record.sender = sender;
  record.row = row;
  record.id = id;
  record.recipient = recipient;
  record.wall_ms = 1000 * row;
  record.account = recipient;
  record.folder = "INBOX";
  record.file = "1.M2.host,S=3,W=4";
  return record;
}

struct Book {
  TempFolder folder;
  std::unique_ptr<store::Database> database = *ledger::open(folder / "mda.db");
  const MessageId id = MessageId::make(test_clock), other_id = MessageId::make(test_clock);
  int64_t sender = *ledger::sender_key(*database, {"mta-1", 1});
};

}  // namespace

TEST_CASE("a record comes back as it was written") {
  Book book;
  const Record intent = delivered(book.sender, 5, book.id);
  CHECK(ledger::insert(*book.database, intent));
  Record expanded = delivered(book.sender, 6, book.id);
  expanded.ending = Ending::expanded;
  expanded.account = expanded.folder = expanded.file = "";
  expanded.targets = {"a@x", "\"new\\nline\"@y"};
  CHECK(ledger::insert(*book.database, expanded));

  const auto found = *ledger::find(*book.database, book.sender, 5);
  REQUIRE(found);
  CHECK(found->id == book.id);
  CHECK(found->recipient == "bob@example.org");
  CHECK(found->ending == Ending::delivered);
  CHECK(found->wall_ms == 5000);
  CHECK(found->folder == "INBOX");
  CHECK(found->file == intent.file);
  CHECK((*ledger::find(*book.database, book.sender, 6))->targets == expanded.targets);
  CHECK_FALSE((*ledger::find(*book.database, book.sender, 7)).has_value());
  CHECK_FALSE((*ledger::find(*book.database, book.sender + 1, 5)).has_value());
}

TEST_CASE("a row has one record") {
  Book book;
  CHECK(ledger::insert(*book.database, delivered(book.sender, 5, book.id)));
  CHECK_FALSE(ledger::insert(*book.database, delivered(book.sender, 5, book.other_id)));
}

TEST_CASE("a staging name belongs to one row for ever") {
  CHECK(delivered(3, 17, {}).staging_name() == "3.17");
  CHECK(parse_staging_name("3.17") == std::pair<int64_t, int64_t>(3, 17));
  for (std::string_view bad : {"", "3", "3.", ".17", "3.17.1", "a.b", "3.-1", "99999999999999999999.1"})
    CHECK_FALSE(parse_staging_name(bad));
}

TEST_CASE("instance and senders survive a reopening") {
  TempFolder folder;
  std::string instance;
  {
    auto database = *ledger::open(folder / "mda.db");
    instance = *ledger::instance(*database);
    CHECK(instance.size() == 26);
    CHECK(*ledger::sender_key(*database, {"mta-1", 1}) == 1);
    CHECK(*ledger::sender_key(*database, {"mta-1", 2}) == 2);
  }
  auto database = *ledger::open(folder / "mda.db");
  CHECK(*ledger::instance(*database) == instance);
  CHECK(*ledger::sender_key(*database, {"mta-1", 1}) == 1);
  CHECK(*ledger::sender_key(*database, {"mta-2", 1}) > 2);
}

TEST_CASE("a row is judged by its own record, then by what was confirmed, then by the message elsewhere") {
  const MessageId id = MessageId::make(test_clock), other = MessageId::make(test_clock);
  const Question question{5, id, "bob@example.org"};
  CHECK(std::holds_alternative<Fresh>(judge(question, 0, {}, {})));
  CHECK(std::holds_alternative<Known>(judge(question, 0, delivered(1, 5, id), {})));
  CHECK(std::holds_alternative<Known>(judge(question, 9, delivered(1, 5, id), {})));
  CHECK(std::holds_alternative<Known>(judge(question, 0, {}, delivered(2, 1, id))));
  // A rolled back mta.db gives the row to another message: delivering or confirming it would lose one of the
  // two.
  CHECK(std::holds_alternative<Conflict>(judge(question, 0, delivered(1, 5, other), delivered(2, 1, id))));
  CHECK(std::holds_alternative<Conflict>(judge(question, 6, {}, delivered(2, 1, id))));
  CHECK(std::holds_alternative<Fresh>(judge(question, 5, {}, {})));
}

TEST_CASE("under a new numbering a message is found by id and recipient") {
  Book book;
  CHECK(ledger::insert(*book.database, delivered(book.sender, 5, book.id)));
  const int64_t later = *ledger::sender_key(*book.database, {"mta-1", 2});
  auto find = [&](int64_t sender, const MessageId& id, const char* recipient) {
    return ledger::find_elsewhere(*book.database, sender, id, recipient)->has_value();
  };
  CHECK(find(later, book.id, "bob@example.org"));
  CHECK_FALSE(find(later, book.id, "eva@example.org"));
  CHECK_FALSE(find(later, book.other_id, "bob@example.org"));
  CHECK_FALSE(find(book.sender, book.id, "bob@example.org"));
}

TEST_CASE("what is confirmed and old is forgotten from the low end, nothing else") {
  Book book;
  for (int64_t row = 1; row <= 10; ++row)
    CHECK(ledger::insert(*book.database, delivered(book.sender, row, book.id)));
  auto left = [&] { return ledger::rows(*book.database, book.sender, 0, 100)->size(); };
  CHECK(*ledger::forget(*book.database, INT64_MAX, 100) == 0);
  CHECK(ledger::confirm(*book.database, book.sender, 7));
  CHECK(ledger::confirm(*book.database, book.sender, 3));  // never falls
  CHECK(*ledger::confirmed_below(*book.database, book.sender) == 7);
  CHECK(*ledger::forget(*book.database, 3000, 100) == 2);  // rows 1 and 2 are older than 3000 ms
  CHECK(left() == 8);
  CHECK(*ledger::forget(*book.database, INT64_MAX, 3) == 3);
  CHECK(*ledger::forget(*book.database, INT64_MAX, 100) == 1);
  CHECK(left() == 4);
}

TEST_CASE("coroutines record, look up, redirect, withdraw, confirm and forget") {
  net::Loop loop;
  TempFolder folder;
  Ledger book(loop, *ledger::open(folder / "mda.db"), [](Error error) { FAIL(error.text); });
  const MessageId id = MessageId::make(test_clock), other = MessageId::make(test_clock);
  run_task(loop, [&]() -> Task<> {
    const int64_t sender = *co_await book.sender_key({"mta-1", 1});
    std::vector<Record> records{delivered(sender, 1, id), delivered(sender, 2, id), delivered(sender, 3, id)};
    CHECK(co_await book.record(records));
    std::vector<Question> questions{{1, id, "x"}, {2, other, "x"}, {9, id, "x"}};
    auto answers = *co_await book.look_up(sender, questions);
    REQUIRE(answers.size() == 3);
    CHECK(std::get<Known>(answers[0]).record.row == 1);
    CHECK(std::holds_alternative<Conflict>(answers[1]));
    CHECK(std::holds_alternative<Fresh>(answers[2]));

    records[0].folder = "Junk";
    std::vector<Record> first{records[0]}, second{records[1]};
    CHECK(co_await book.redirect(first));
    CHECK(co_await book.withdraw(second));
    const auto rows = *co_await book.rows(sender, 0, 10);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].folder == "Junk");
    CHECK((*co_await book.of_message(id)).size() == 2);

    CHECK(co_await book.confirm(sender, 4));
    CHECK(*co_await book.forget(INT64_MAX) == 2);
    answers = *co_await book.look_up(sender, questions);
    CHECK(std::holds_alternative<Conflict>(answers[0]));

    const int64_t next = *co_await book.sender_key({"mta-1", 2});
    std::vector<Question> again{{1, id, "bob@example.org"}};
    CHECK(std::holds_alternative<Fresh>((*co_await book.look_up(next, again))[0]));
  }());
}

TEST_CASE("an address goes out of confirmed records, which stay, and of no others") {
  Book book;
  CHECK(ledger::insert(*book.database, delivered(book.sender, 5, book.id)));
  CHECK(ledger::insert(*book.database, delivered(book.sender, 6, book.id, "ann@example.org")));
  Record expanded = delivered(book.sender, 7, book.id, "team@example.org");
  expanded.ending = Ending::expanded;
  expanded.targets = {"Bob@example.org", "ann@example.org"};
  CHECK(ledger::insert(*book.database, expanded));
  CHECK(ledger::insert(*book.database, delivered(book.sender, 8, book.id)));
  CHECK(ledger::confirm(*book.database, book.sender, 8));
  const auto found = *ledger::naming(*book.database, "bob@example.org");
  REQUIRE(found.confirmed.size() == 2);
  CHECK(found.confirmed[0].row == 5);
  CHECK(found.confirmed[1].row == 7);
  CHECK(found.open == 1);
  for (Record record : found.confirmed) {
    record.recipient = record.account = "erased@invalid";
    record.targets.clear();
    CHECK(ledger::rename(*book.database, record));
  }
  CHECK(ledger::naming(*book.database, "bob@example.org")->confirmed.empty());
  CHECK((*ledger::find(*book.database, book.sender, 5))->file == "1.M2.host,S=3,W=4");
  CHECK((*ledger::find(*book.database, book.sender, 8))->recipient == "bob@example.org");
}
