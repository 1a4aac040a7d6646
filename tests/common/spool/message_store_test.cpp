#include "common/spool/message_store.h"

#include <doctest/doctest.h>

#include "tests/common/store/temp_folder.h"
#include "tests/fakes/clock.h"

using namespace futar;
using event::Event;
using event::Field;
using event::Kind;
using spool::Message;
using store::Database;

namespace {

std::unique_ptr<Database> open(const TempFolder& folder) {
  auto database = Database::open(folder / "x.db", Database::Mode::create);
  REQUIRE(database);
  REQUIRE(spool::create_message_tables(**database));
  return std::move(*database);
}

spool::Body blob(std::string octets) {
  return {octets.size(), std::make_shared<const std::string>(std::move(octets)), ""};
}

Message a_message(spool::Body body = blob("Hello.\r\n")) {
  static FakeClock clock;
  Message made;
  made.id = MessageId::make(clock);
  made.envelope.reverse_path = {"alice", "example.org"};
  made.envelope.recipients = {{{"bob", "example.org"}, {}}, {{"odd \"one\"", "[192.0.2.1]"}, {}}};
  made.header = "Subject: hi\r\n\r\n";
  made.body = std::move(body);
  made.accepted_ms = 1'764'000'000'123;
  made.login = "alice@example.org";
  made.proven_sender = true;
  return made;
}

std::vector<Event> step(Kind kind) { return {Event(1'764'000'000'123, kind).with(Field::recipient, "bob")}; }

int64_t number_of(Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  REQUIRE(statement->step().value());
  return statement->integer(0);
}

void check_same(const Message& a, const Message& b) {
  CHECK(a.id == b.id);
  CHECK(a.envelope == b.envelope);
  CHECK(a.header == b.header);
  CHECK(a.body.size == b.body.size);
  CHECK(a.body.file == b.body.file);
  CHECK(a.accepted_ms == b.accepted_ms);
  CHECK(a.login == b.login);
  CHECK(a.hold_reason == b.hold_reason);
  CHECK(a.proven_sender == b.proven_sender);
}

}  // namespace

TEST_CASE("a message comes back as it was stored") {
  TempFolder folder;
  auto database = open(folder);
  const Message small = a_message(), empty = a_message(blob(""));
  Message large = a_message({1 << 20, nullptr, "01kb3m7q2v8x0z4c9r5t1n6w3y"});
  large.hold_reason = "over the limit";
  large.login = "";
  for (const Message* stored : std::initializer_list<const Message*>{&small, &empty, &large}) {
    const auto key = spool::insert_message(*database, *stored, step(Kind::accepted));
    REQUIRE(key);
    const auto loaded = spool::load_message(*database, *key).value();
    REQUIRE(loaded);
    check_same(*loaded, *stored);
    if (!stored->body.is_file()) CHECK(*loaded->body.bytes == *stored->body.bytes);
    CHECK(spool::find_message(*database, stored->id).value() == *key);
  }
  CHECK(number_of(*database, "SELECT count(*) FROM content") == 1);
  CHECK(spool::has_file(*database, large.body.file).value());
  CHECK_FALSE(spool::has_file(*database, "other").value());
}

TEST_CASE("what is not there is none, and an id is stored once") {
  TempFolder folder;
  auto database = open(folder);
  CHECK_FALSE(spool::load_message(*database, 1).value());
  CHECK_FALSE(spool::find_message(*database, a_message().id).value());
  const Message one = a_message();
  REQUIRE(spool::insert_message(*database, one, {}));
  CHECK(spool::insert_message(*database, one, {}).error().kind == Error::Kind::permanent);
}

TEST_CASE("keys are never used again") {
  TempFolder folder;
  auto database = open(folder);
  const int64_t first = spool::insert_message(*database, a_message(), {}).value();
  REQUIRE(spool::delete_message(*database, first));
  CHECK(spool::insert_message(*database, a_message(), {}).value() > first);
}

TEST_CASE("events come back in the order of their steps, each message's own") {
  TempFolder folder;
  auto database = open(folder);
  const int64_t one = spool::insert_message(*database, a_message(), step(Kind::accepted)).value();
  const int64_t two = spool::insert_message(*database, a_message(), {}).value();
  REQUIRE(spool::append_events(*database, one, step(Kind::routed)));
  REQUIRE(spool::append_events(*database, two, step(Kind::held)));
  REQUIRE(spool::append_events(*database, two, {}));
  REQUIRE(spool::append_events(*database, one, step(Kind::delivered)));
  const auto events = spool::load_events(*database, one).value();
  REQUIRE(events.size() == 3);
  CHECK(events[0].kind == Kind::accepted);
  CHECK(events[2].kind == Kind::delivered);
  CHECK(spool::load_events(*database, two).value() == step(Kind::held));
}

TEST_CASE("clearing takes header and content and leaves envelope and events") {
  TempFolder folder;
  auto database = open(folder);
  const int64_t blob_key = spool::insert_message(*database, a_message(), step(Kind::accepted)).value();
  const int64_t file_key =
      spool::insert_message(*database, a_message({1 << 20, nullptr, "name"}), {}).value();
  CHECK(spool::clear_content(*database, blob_key).value() == "");
  CHECK(spool::clear_content(*database, file_key).value() == "name");
  CHECK(spool::clear_content(*database, file_key).value() == "");  // again changes nothing
  CHECK(number_of(*database, "SELECT count(*) FROM content") == 0);
  CHECK_FALSE(spool::has_file(*database, "name").value());
  const auto left = spool::load_message(*database, blob_key).value();
  REQUIRE(left);
  CHECK(left->header.empty());
  CHECK(left->body.bytes == nullptr);
  CHECK(left->body.size == 8);
  CHECK(left->envelope == a_message().envelope);
  CHECK(spool::load_events(*database, blob_key).value().size() == 1);
}

TEST_CASE("a deleted message leaves nothing, its neighbours stay") {
  TempFolder folder;
  auto database = open(folder);
  const int64_t one = spool::insert_message(*database, a_message(), step(Kind::accepted)).value();
  const int64_t two = spool::insert_message(*database, a_message(), step(Kind::accepted)).value();
  REQUIRE(spool::append_events(*database, one, step(Kind::delivered)));
  REQUIRE(spool::delete_message(*database, one));
  CHECK(number_of(*database, "SELECT count(*) FROM message") == 1);
  CHECK(number_of(*database, "SELECT count(*) FROM content") == 1);
  CHECK(number_of(*database, "SELECT count(*) FROM events") == 1);
  CHECK(spool::load_message(*database, two).value());
}

TEST_CASE("a row that cannot be decoded is a permanent error, and the next one is read as ever") {
  TempFolder folder;
  auto database = open(folder);
  const char* damages[] = {
      "UPDATE message SET id = x'00' WHERE key = 1",
      "UPDATE message SET envelope = '{\"from\":' WHERE key = 1",
      "UPDATE message SET size = 7 WHERE key = 1",
      "DELETE FROM content WHERE key = 1",
      "UPDATE events SET packed = x'01ff' WHERE step = 1 << 20",
  };
  for (const char* damage : damages) {
    CAPTURE(damage);
    REQUIRE(database->execute(
        "DELETE FROM message; DELETE FROM content; DELETE FROM events; DELETE FROM sqlite_sequence"));
    REQUIRE(spool::insert_message(*database, a_message(), step(Kind::accepted)).value() == 1);
    REQUIRE(spool::insert_message(*database, a_message(), step(Kind::accepted)).value() == 2);
    REQUIRE(database->execute(damage));
    const bool events = std::string_view(damage).find("events") != std::string_view::npos;
    const auto kind = events ? spool::load_events(*database, 1).error().kind
                             : spool::load_message(*database, 1).error().kind;
    CHECK(kind == Error::Kind::permanent);
    CHECK(spool::load_message(*database, 2).value());
    CHECK(spool::load_events(*database, 2));
  }
}

TEST_CASE("a body that is nowhere is refused, not stored without its content") {
  TempFolder folder;
  auto database = open(folder);
  CHECK(spool::insert_message(*database, a_message({5, nullptr, ""}), {}).error().kind ==
        Error::Kind::permanent);
}
