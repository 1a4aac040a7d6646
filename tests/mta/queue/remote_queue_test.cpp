#include "mta/queue/remote_queue.h"

#include "mta/queue/destination_store.h"
#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

constexpr int64_t minute = 60'000;

/// What mta/outbound would do, one step at a time.
class Courier {
 public:
  explicit Courier(QueueFixture& f) : f_(f) {}

  std::vector<std::string> due() {
    destinations_.clear();
    run_task(f_.loop, [](Courier& c) -> Task<> { c.destinations_ = co_await c.f_.remote->due(100); }(*this));
    std::vector<std::string> names;
    for (const Destination& d : destinations_) names.push_back(d.name);
    return names;
  }
  /// Of the first destination that due() gave.
  std::vector<RemoteItem> take(size_t recipients = 100) {
    std::vector<RemoteItem> items;
    run_task(f_.loop, [](Courier& c, size_t most, std::vector<RemoteItem>& out) -> Task<> {
      out = co_await c.f_.remote->take(c.destinations_.at(0).key, most, 1 << 20);
    }(*this, recipients, items));
    return items;
  }
  void conclude(const RemoteItem& item, RemoteOutcome::State state) { conclude(std::vector{item}, state); }
  void conclude(const std::vector<RemoteItem>& items, RemoteOutcome::State state) {
    std::vector<RemoteOutcome> outcomes;
    for (const RemoteItem& item : items)
      for (const RemoteRecipient& r : item.recipients) {
        outcomes.push_back(outcome(state));
        outcomes.back().row = r.row;
      }
    run_task(f_.loop, [](Courier& c, std::vector<RemoteOutcome> all) -> Task<> {
      co_await c.f_.remote->conclude(std::move(all));
    }(*this, std::move(outcomes)));
  }
  /// Nobody answers at the first destination that due() gave.
  void fail_destination() {
    Destination d = destinations_.at(0);
    ++d.failures;
    d.due_ms = f_.clock.wall_ms() + back_off_ms({}, d.failures);
    RemoteOutcome o = outcome(RemoteOutcome::State::later);
    o.not_before_ms = d.due_ms;
    run_task(f_.loop, [](Courier& c, Destination to, RemoteOutcome what) -> Task<> {
      co_await c.f_.remote->conclude_all(std::move(to), std::move(what));
    }(*this, d, o));
  }

 private:
  static RemoteOutcome outcome(RemoteOutcome::State state) {
    RemoteOutcome o;
    o.state = state;
    o.reason = "as the test says";
    o.status = state == RemoteOutcome::State::failed ? "5.1.1" : "4.4.1";
    o.host = "mx.remote.example[192.0.2.25]:25";
    o.words = "550 5.1.1 no such user";
    return o;
  }
  QueueFixture& f_;
  std::vector<Destination> destinations_;
};

int attempts_of(QueueFixture& f, std::string_view address) {
  int attempts = -1;
  f.look([&](store::Database& database) {
    const auto found = select_open(database, {}, 0, 100);
    REQUIRE(found.has_value());
    for (const Listed& listed : *found)
      if (listed.recipient.address.text() == address) attempts = listed.recipient.attempts;
  });
  return attempts;
}

}  // namespace

TEST_CASE("mail for another server waits at its destination; recipients of a message travel together") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example", "ann@Remote.example", "bob@futar.test"})).has_value());
  CHECK(courier.due() == std::vector<std::string>{"remote.example"});
  const auto items = courier.take();
  REQUIRE(items.size() == 1);
  CHECK(items[0].recipients.size() == 2);
  CHECK(items[0].header == "Subject: test\r\n\r\n");
  CHECK(f.state_of("eve@remote.example") == State::in_flight);
  CHECK(courier.due().empty());
  courier.conclude(items[0], RemoteOutcome::State::relayed);
  CHECK(f.state_of("eve@remote.example") == State::relayed);
  CHECK(f.queue->counts().relayed == 2);
  CHECK(f.problems().empty());
}

TEST_CASE("a bounce to a return path of ours goes to the one who sent first, under his own address") {
  RouteRules rules;
  rules.open_return_path = [](const smtp::Address& address) -> Result<smtp::Address> {
    if (!address.local.starts_with("SRS0=")) return fail(Error::permanent("no return path"));
    return *smtp::parse_address("eve@remote.example");
  };
  QueueFixture f(rules);
  Courier courier(f);
  REQUIRE(f.accept(f.message({"SRS0=x@futar.test"}, "")).has_value());
  CHECK(courier.due() == std::vector<std::string>{"remote.example"});
  const auto items = courier.take();
  REQUIRE(items.size() == 1);
  CHECK(items[0].recipients.at(0).address.text() == "eve@remote.example");
}

TEST_CASE("what was not tried waits as before, and is taken again at once") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  courier.due();
  courier.conclude(courier.take()[0], RemoteOutcome::State::untried);
  CHECK(attempts_of(f, "eve@remote.example") == 0);
  CHECK(courier.due().size() == 1);
}

TEST_CASE("a message that is put off waits by its own back-off, and its destination goes on") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  courier.due();
  courier.conclude(courier.take()[0], RemoteOutcome::State::later);
  CHECK(courier.due().empty());
  REQUIRE(f.accept(f.message({"ann@remote.example"})).has_value());
  CHECK(courier.due().size() == 1);
  CHECK(courier.take()[0].recipients.size() == 1);
  f.clock.advance_ms(5 * minute);
  courier.due();
  CHECK(courier.take()[0].recipients[0].address.local == "eve");
}

TEST_CASE(
    "a destination where nobody answers counts for each recipient that is due there, and outlives a "
    "restart") {
  QueueFixture f;
  Courier courier(f);
  for (int i = 0; i < 3; ++i)
    REQUIRE(f.accept(f.message({"user" + std::to_string(i) + "@dead.example"})).has_value());
  courier.due();
  courier.fail_destination();
  CHECK(attempts_of(f, "user2@dead.example") == 1);
  REQUIRE(f.accept(f.message({"late@dead.example"})).has_value());
  CHECK(courier.due().empty());
  f.restart();
  CHECK(courier.due().empty());
  f.clock.advance_ms(5 * minute);
  REQUIRE(courier.due().size() == 1);
  courier.fail_destination();
  CHECK(attempts_of(f, "user0@dead.example") == 2);
  CHECK(attempts_of(f, "late@dead.example") == 1);
  f.clock.advance_ms(5 * minute);
  CHECK(courier.due().empty());  // ten minutes after the second failure
  CHECK(f.act(Act::retry).done == 4);
  CHECK(courier.due().size() == 1);  // a person asked
}

TEST_CASE("a kill while a session runs: the recipients wait again, and are tried once more") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  courier.due();
  REQUIRE(courier.take().size() == 1);
  f.restart();
  CHECK(f.state_of("eve@remote.example") == State::waiting);
  CHECK(courier.due().size() == 1);
}

TEST_CASE("a failure is returned to its sender with the server's own words") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example"}, "alice@futar.test")).has_value());
  courier.due();
  courier.conclude(courier.take()[0], RemoteOutcome::State::failed);
  CHECK(f.state_of("eve@remote.example") == State::bounced);
  f.queue->link_up();
  REQUIRE(f.wait_for_sent(1));
  REQUIRE(f.items.back().body.bytes);
  CHECK(f.items.back().reverse_path.is_null());
  CHECK(f.items.back().body.bytes->find("550 5.1.1 no such user") != std::string::npos);
}

TEST_CASE("mda may forget rows although older mail waits for another server") {
  QueueFixture f;
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  const int64_t row = f.sent()[0].row;
  f.answer(f.sent()[0], proto::OutcomeState::delivered);
  CHECK(run_until(f.loop, [&] { return f.queue->confirmed_below() > row; }));
}

TEST_CASE("under hold and capture nothing is sent, not even what waited from before") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  run_task(f.loop,
           [](QueueFixture& fixture) -> Task<> { co_await fixture.remote->hold_all("mta.remote"); }(f));
  CHECK(f.state_of("eve@remote.example") == State::held);
  CHECK(courier.due().empty());
  CHECK(f.act(Act::release).done == 1);
  CHECK(courier.due().size() == 1);
}

TEST_CASE("an operator's wish is granted when the attempt ends") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  courier.due();
  const auto items = courier.take();
  CHECK(f.act(Act::remove).wished == 1);
  courier.conclude(items[0], RemoteOutcome::State::later);
  CHECK(f.state_of("eve@remote.example") == State::cancelled);
}

TEST_CASE("destinations are found by leaps over the index, however many recipients wait at each") {
  QueueFixture f;
  Courier courier(f);
  for (int d = 0; d < 5; ++d)
    for (int i = 0; i < 20; ++i)
      REQUIRE(
          f.accept(f.message({"u" + std::to_string(i) + "@d" + std::to_string(d) + ".example"})).has_value());
  CHECK(courier.due().size() == 5);
  CHECK(courier.take(7).size() == 7);
}

namespace {

constexpr const char* damage_the_first = "UPDATE message SET envelope = '{' WHERE key = 1";

/// Two messages under way to one destination; then the row of the first is damaged.
std::vector<RemoteItem> take_two(QueueFixture& f, Courier& courier) {
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  REQUIRE(f.accept(f.message({"ann@remote.example"})).has_value());
  courier.due();
  auto items = courier.take();
  REQUIRE(items.size() == 2);
  f.damage(damage_the_first);
  return items;
}

}  // namespace

TEST_CASE("the outcome for a damaged message is held and shown, and those beside it are stored") {
  QueueFixture f;
  Courier courier(f);
  courier.conclude(take_two(f, courier), RemoteOutcome::State::failed);
  CHECK(f.state_of("ann@remote.example") == State::bounced);
  CHECK(f.recipient(1).state == State::held);
  CHECK(f.recipient(1).reason.starts_with("damaged row: an envelope is not a JSON object"));
  CHECK(f.queue->counts().rows_set_aside == 1);
  CHECK(f.census().in_flight == 0);
}

TEST_CASE("what another server has taken is never sent again, damaged or not") {
  QueueFixture f;
  Courier courier(f);
  courier.conclude(take_two(f, courier), RemoteOutcome::State::relayed);
  CHECK(f.recipient(1).state == State::relayed);
  CHECK(f.recipient(2).state == State::relayed);
  CHECK(f.queue->counts().rows_set_aside == 1);
}

TEST_CASE("a destination where nobody answers waits, whatever is damaged there") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  REQUIRE(f.accept(f.message({"ann@remote.example"})).has_value());
  courier.due();
  f.damage(damage_the_first);
  courier.fail_destination();
  CHECK(f.recipient(1).state == State::held);
  CHECK(attempts_of(f, "ann@remote.example") == 1);
}

TEST_CASE("a wish that cannot be read is dropped with its outcome, and the others are stored") {
  QueueFixture f;
  Courier courier(f);
  REQUIRE(f.accept(f.message({"eve@remote.example", "ann@remote.example"})).has_value());
  courier.due();
  const auto items = courier.take();
  f.damage("UPDATE recipient SET wish = 99 WHERE id = 1");
  courier.conclude(items, RemoteOutcome::State::later);
  CHECK(f.recipient(1).state == State::held);
  CHECK(f.recipient(1).wish == Wish::none);
  CHECK(f.recipient(2).state == State::waiting);
}

TEST_CASE("a history that is full loses its newest events, not the outcomes") {
  QueueFixture f;
  Courier courier(f);
  const auto items = [&] {
    REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
    courier.due();
    return courier.take();
  }();
  f.damage("INSERT INTO events(step, packed) VALUES((2 << 20) - 1, x'00')");
  courier.conclude(items, RemoteOutcome::State::relayed);
  CHECK(f.recipient(1).state == State::relayed);
}

TEST_CASE("a damaged message is not handed out, and the others are") {
  QueueFixture f;
  Courier courier(f);
  for (const char* to : {"eve@remote.example", "ann@remote.example", "joe@remote.example"})
    REQUIRE(f.accept(f.message({to})).has_value());
  f.damage(damage_the_first);
  f.damage("DELETE FROM content WHERE key = 2");
  courier.due();
  const auto items = courier.take();
  REQUIRE(items.size() == 1);
  CHECK(items[0].recipients[0].address.local == "joe");
  CHECK(f.recipient(1).state == State::held);
  CHECK(f.recipient(2).state == State::held);
  CHECK(f.queue->counts().rows_set_aside == 2);
}

TEST_CASE("what an operator lists, releases and removes may be damaged") {
  QueueFixture f;
  Courier courier(f);
  courier.conclude(take_two(f, courier), RemoteOutcome::State::later);
  CHECK(f.act(Act::remove).done == 2);
  CHECK(f.recipient(1).state == State::cancelled);
}

TEST_CASE(
    "what was held under mta.remote = hold goes where it would have gone, once that is not set any more") {
  const struct {
    const char* sentence;
    RouteRules rules;
    const char* destination;
  } rows[] = {
      {"to its own servers", {Remote::hold}, "remote.example"},
      {"through the smart host",
       {Remote::hold, *parse_host_url("smtp://smart.example")},
       "smtp://smart.example:25"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    QueueFixture f(row.rules);
    Courier courier(f);
    REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
    CHECK(f.state_of("eve@remote.example") == State::held);
    CHECK(courier.due().empty());

    CHECK(f.act(Act::release).done == 1);  // too early: it is held again
    run_task(f.loop, [](QueueFixture& fixture) -> Task<> { co_await fixture.remote->hold_all("hold"); }(f));
    CHECK(f.state_of("eve@remote.example") == State::held);

    RouteRules direct = row.rules;
    direct.remote = Remote::direct;
    f.restart(direct);
    CHECK(courier.due().empty());
    CHECK(f.act(Act::release).done == 1);
    CHECK(courier.due() == std::vector<std::string>{row.destination});
    CHECK(courier.take().size() == 1);
    f.queue->link_up();
    CHECK_FALSE(run_until(f.loop, [&] { return !f.items.empty(); }, 50));
  }
}

TEST_CASE("mail for other servers that is held expires there like other mail") {
  QueueFixture f({Remote::hold});
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  spool::Message over_limit = f.message({"ann@remote.example"});
  over_limit.hold_reason = "over the limit";
  REQUIRE(f.accept(std::move(over_limit)).has_value());
  f.look([&](store::Database& database) {
    CHECK(load_outlived(database, State::held, f.clock.wall_ms() + 1, 10)->size() == 2);
  });
}
