#include "common/spool/erase.h"

#include <doctest/doctest.h>

#include "common/spool/erase_store.h"
#include "common/spool/message_store.h"
#include "common/spool/refused_store.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using event::Field;

TEST_CASE("an address is taken out of text, in any case, but not out of a longer one") {
  const std::pair<const char*, const char*> texts[] = {
      {"bob@x.org", "erased@invalid"},
      {"to <Bob@X.org>, bob@x.org.", "to <erased@invalid>, erased@invalid."},
      {"jimbob@x.org", "jimbob@x.org"},
      {"jim.bob@x.org", "jim.bob@x.org"},
      {"bob@x.org.example", "bob@x.org.example"},
      {"bob@x.organic", "bob@x.organic"},
      {"rfc822;bob@x.org", "rfc822;erased@invalid"},
      {"", ""},
  };
  for (const auto& [text, without] : texts) CHECK(spool::erase_address(text, "bob@x.org") == without);
  CHECK(spool::erase_address("bob@x.org", "") == "bob@x.org");
}

namespace {

struct History {
  TempFolder folder;
  FakeClock clock;
  std::unique_ptr<store::Database> database =
      *store::Database::open(folder / "x.db", store::Database::Mode::create);
  const smtp::Address bob{"bob", "x.org"};

  History() {
    REQUIRE(spool::create_message_tables(*database));
    REQUIRE(spool::create_refused_table(*database));
  }
  int64_t add(const smtp::Address& from, const smtp::Address& to) {
    spool::Message message;
    message.id = MessageId::make(clock);
    message.envelope.reverse_path = from;
    message.envelope.recipients.push_back({to, {{}, "rfc822;" + to.text()}});
    message.login = from.text();
    message.header = "Subject: x\r\n\r\n";
    return *spool::insert_message(
        *database, message,
        {event::Event(1, event::Kind::accepted).with(Field::reverse_path, from.text()),
         event::Event(2, event::Kind::delivered).with(Field::recipient, to.text())});
  }
  /// Whether the name stands anywhere in the file.
  bool is_left(const char* name) {
    for (const char* sql :
         {"SELECT envelope || coalesce(login, '') FROM message", "SELECT packed FROM events",
          "SELECT sender || recipients || events FROM refused"}) {
      auto s = *database->prepare(sql);
      while (*s.step())
        if (s.blob(0).contains(name)) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("of a message that is over each trace of an address goes, and the rest stays") {
  History history;
  const smtp::Address ann{"ann", "y.org"};
  const int64_t first = history.add(history.bob, ann), second = history.add(ann, history.bob);
  const int64_t other = history.add(ann, ann);
  for (int64_t key : {first, second, other}) REQUIRE(spool::clear_content(*history.database, key));
  CHECK(*spool::messages_naming(*history.database, history.bob) == std::vector{first, second});
  for (int64_t key : {first, second}) CHECK(*spool::erase_from_message(*history.database, key, history.bob));
  CHECK_FALSE(history.is_left("bob"));
  CHECK(spool::messages_naming(*history.database, history.bob)->empty());
  const auto message = **spool::load_message(*history.database, second);
  CHECK(message.envelope.reverse_path == ann);
  CHECK(message.envelope.recipients[0].address == spool::erased());
  CHECK(spool::load_events(*history.database, second)->size() == 2);
}

TEST_CASE("a message that is still open keeps its addresses") {
  History history;
  const int64_t key = history.add(history.bob, history.bob);
  CHECK_FALSE(*spool::erase_from_message(*history.database, key, history.bob));
  CHECK((**spool::load_message(*history.database, key)).envelope.reverse_path == history.bob);
}

TEST_CASE("refused mail keeps its rows, but not the address") {
  History history;
  const auto refuse = [&](const std::string& from, const std::string& to) {
    const auto event =
        event::Event(1, event::Kind::refused).with(Field::reverse_path, from).with(Field::recipient, to);
    REQUIRE(spool::insert_refused(*history.database, {MessageId::make(history.clock), {event}}));
  };
  refuse("bob@x.org", "ann@y.org");
  refuse("ann@y.org", "Bob@x.org");
  refuse("ann@y.org", "jimbob@x.org");
  CHECK(*spool::erase_from_refused(*history.database, history.bob) == 2);
  CHECK(*spool::erase_from_refused(*history.database, history.bob) == 0);
  CHECK(spool::find_refused(*history.database, {.what = "bob@x.org"}, 10)->empty());
  CHECK(spool::find_refused(*history.database, {}, 10)->size() == 3);
  CHECK(spool::find_refused(*history.database, {.what = "jimbob@x.org"}, 10)->size() == 1);
}
