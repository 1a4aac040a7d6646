// A queue from a backup: the old machine may have gone on, so nothing of it leaves by itself.
#include "mta/queue/restored_store.h"

#include "common/base/file.h"
#include "mta/queue/operator.h"
#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

struct Restored : QueueFixture {
  using QueueFixture::QueueFixture;

  /// The queue as it stands was in a backup, and starts on another machine.
  void restore() {
    close_with([this] {
      auto database = store::Database::open(folder / "mta.db", store::Database::Mode::create);
      REQUIRE(database.has_value());
      REQUIRE(return_in_flight(**database, Flights::all).has_value());
      const std::string mark = store::encode_restored({clock.wall_ms(), clock.wall_ms()});
      REQUIRE(replace_file(folder / store::restored_mark, mark, 0600).has_value());
      const auto adopted = store::adopt_restored(**database, folder.path(), adopt_restored);
      REQUIRE(adopted.has_value());
      CHECK(*adopted);
    });
  }
  void close_with(const std::function<void()>& between) {
    restart();  // nothing is under way then
    between();
    restart();
  }
  std::string reason_of(int64_t row) { return recipient(row).reason; }
};

RouteRules through_a_smart_host() {
  RouteRules rules;
  rules.smart_host = *parse_host_url("smtp://relay.example:25");
  return rules;
}

}  // namespace

TEST_CASE("what waits for another server is held, with the time of the backup in its reason") {
  Restored desk(through_a_smart_host());
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})));
  desk.restore();
  CHECK(desk.recipient(1).state == State::held);
  CHECK(store::is_restored_reason(desk.reason_of(1)));
  CHECK(desk.act(Act::release).done == 1);
  CHECK(desk.recipient(1).state == State::waiting);
  CHECK(desk.problems().empty());
}

TEST_CASE("mda is only asked: what it knows as delivered ends so, the rest is held") {
  Restored desk;
  desk.outlet_ready = false;
  REQUIRE(desk.accept(desk.message({"alice@futar.test", "bob@futar.test"})));
  desk.restore();
  desk.outlet_ready = true;
  desk.queue->link_up();
  REQUIRE(desk.wait_for_sent(2));
  const auto asked = desk.sent();
  for (const auto& one : asked) CHECK(one.ask_only);
  desk.answer(asked[0], proto::OutcomeState::delivered, "put into INBOX");
  desk.answer(asked[1], proto::OutcomeState::later, "nothing of it was delivered");
  REQUIRE(desk.wait_for_state(asked[0].address.text(), State::delivered));
  REQUIRE(desk.wait_for_state(asked[1].address.text(), State::held));
  CHECK(store::is_restored_reason(desk.reason_of(asked[1].row)));
  CHECK(desk.problems().empty());
  CHECK(desk.act(Act::release).done == 1);
  REQUIRE(desk.wait_for_sent(1));
  CHECK_FALSE(desk.sent()[0].ask_only);
}

TEST_CASE("the targets of an alias that mda expanded are asked for as well, not delivered") {
  Restored desk;
  REQUIRE(desk.accept(desk.message({"team@futar.test"})));
  desk.restore();
  desk.queue->link_up();
  REQUIRE(desk.wait_for_sent(1));
  desk.answer(desk.sent()[0], proto::OutcomeState::expanded, "", {"alice@futar.test", "bob@futar.test"});
  REQUIRE(desk.wait_for_sent(2));
  for (const auto& one : desk.sent()) CHECK(one.ask_only);
}

TEST_CASE("a start without a restore changes neither epoch nor states, a restore counts the epoch up once") {
  Restored desk;
  const auto epoch = [&] {
    int64_t value = 0;
    desk.look([&](store::Database& database) { value = delivery_epoch(database).value(); });
    return value;
  };
  CHECK(epoch() == 1);
  desk.restart();
  CHECK(epoch() == 1);
  desk.restore();
  CHECK(epoch() == 2);
  desk.restart();
  CHECK(epoch() == 2);
}

TEST_CASE("what was held before keeps its own reason") {
  Restored desk(through_a_smart_host());
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})));
  desk.act(Act::hold);
  desk.restore();
  CHECK(desk.recipient(1).state == State::held);
  CHECK(desk.reason_of(1) == "by operator");
}
