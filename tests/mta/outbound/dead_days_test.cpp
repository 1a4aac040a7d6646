// A destination where nobody answers, for days on a clock that the test moves.
#include "mta/schedule/schedule.h"
#include "tests/mta/outbound/outbound_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

constexpr int64_t minute = 60'000, hour = 60 * minute;

struct DeadDays : OutboundFixture {
  const RetryRules rules;
  const int64_t accepted_ms = clock.wall_ms();
  std::vector<std::string> notices;  ///< what the sender was told, each once it was delivered
  std::vector<int64_t> told_ms;

  explicit DeadDays(bool proven) {
    resolver.add("dead.example MX 10 mx.dead.example").add("mx.dead.example A 10.0.0.1");
    start();
    queue->link_up();
    spool::Message mail = message({"eve@dead.example", "ann@dead.example"}, "alice@futar.test");
    mail.proven_sender = proven;
    REQUIRE(accept(std::move(mail)).has_value());
    REQUIRE(wait_until_tried());
  }

  void restart() {
    OutboundFixture::restart();
    queue->link_up();
  }
  Recipient eve() { return recipients().at("eve@dead.example"); }
  bool is_over() { return !eve().destination || eve().state != State::waiting; }

  /// Up to the next attempt and not a moment before.
  void pass() {
    const int64_t due = eve().due_ms;
    const size_t before = tries.size();
    clock.advance_ms(due - clock.wall_ms() - 1);
    look_again();
    CHECK(tries.size() == before);
    clock.advance_ms(1);
    look_again();
    CHECK(tries.size() == before + 1);
    deliver_notices();
  }
  void look_again() {
    wake();
    run_until(loop, [n = 3]() mutable { return n-- == 0; });
    REQUIRE(wait_until_tried());
  }
  void deliver_notices() {
    if (dsn_is_due()) REQUIRE(run_until(loop, [this] { return !dsn_is_due(); }));
    if (census().added + census().accepted - 2 > static_cast<int64_t>(notices.size()))
      REQUIRE(run_until(loop, [this] { return !items.empty(); }));
    for (const proto::DeliverItem& item : std::vector(items)) {
      CHECK(item.reverse_path.is_null());
      for (const proto::DeliverRecipient& r : item.recipients) {
        CHECK(r.address.text() == "alice@futar.test");
        notices.push_back(*item.body.bytes);
        told_ms.push_back(clock.wall_ms() - accepted_ms);
        answer(r, proto::OutcomeState::delivered);
      }
    }
    REQUIRE(run_until(loop, [this] { return queue->in_flight() == 0; }));
    items.clear();
  }

  /// The configured schedule, from the acceptance to the first attempt at which the lifetime is over.
  std::vector<int64_t> schedule() const {
    std::vector<int64_t> times{accepted_ms};
    while (!has_expired(rules, accepted_ms, static_cast<int>(times.size()), times.back(), 0))
      times.push_back(times.back() + back_off_ms(rules, static_cast<int>(times.size())));
    return times;
  }
  /// To the end; a new process before the attempts named.
  void live(const std::vector<size_t>& restarts) {
    while (!is_over()) {
      if (std::ranges::count(restarts, tries.size())) restart();
      pass();
      REQUIRE(tries.size() <= schedule().size());
    }
    clock.advance_ms(48 * hour);
    look_again();
    deliver_notices();
  }
};

}  // namespace

TEST_CASE("five dead days: exactly the configured attempts, one notice, one DSN; restarts change nothing") {
  for (const std::vector<size_t>& restarts : {std::vector<size_t>{}, {1, 5, 9, 60, 123}}) {
    DeadDays days(true);
    days.live(restarts);
    CHECK(days.tries == days.schedule());
    CHECK(days.tries.size() == 124);
    const Recipient eve = days.eve();
    CHECK(eve.state == State::expired);
    CHECK(eve.attempts == 124);
    REQUIRE(days.notices.size() == 2);
    CHECK(days.notices[0].contains("\r\nAction: delayed\r\n"));
    CHECK(days.told_ms[0] == 4 * hour + 15 * minute);  // the first attempt after four hours
    CHECK(days.notices[1].contains("\r\nAction: failed\r\n"));
    for (const std::string& notice : days.notices)
      for (const char* recipient : {"eve@dead.example", "ann@dead.example"})
        CHECK(notice.contains(recipient));
    days.check_record();
  }
}

TEST_CASE("five dead days for a sender that is not proven: the same attempts, held, and no word to anybody") {
  for (const std::vector<size_t>& restarts : {std::vector<size_t>{}, {1, 5, 9, 60, 123}}) {
    DeadDays days(false);
    days.live(restarts);
    CHECK(days.tries == days.schedule());
    const Recipient eve = days.eve();
    CHECK(eve.state == State::held);
    CHECK(eve.reason.starts_with("sender not proven"));
    CHECK(eve.attempts == 124);
    CHECK(days.notices.empty());
    CHECK(days.census().messages == 1);
    days.check_record();
  }
}

TEST_CASE("a kill amid an attempt costs one more, which alone is counted") {
  OutboundFixture f;
  f.resolver.add("dead.example MX 10 mx.dead.example");
  Server& server = f.add_server("mx.dead.example", "10.0.0.1");
  server.connect_failure = "Connection refused";
  server.hangs = true;
  f.start();
  REQUIRE(f.accept(f.message({"eve@dead.example"})).has_value());
  REQUIRE(run_until(f.loop, [&] { return f.tries.size() == 1; }));
  f.restart();
  REQUIRE(run_until(f.loop, [&] { return f.tries.size() == 2; }));
  CHECK(f.recipients().at("eve@dead.example").attempts == 0);
  server.hangs = false;
  REQUIRE(f.wait_until_tried());
  const Recipient eve = f.recipients().at("eve@dead.example");
  CHECK(eve.attempts == 1);
  CHECK(eve.due_ms == f.clock.wall_ms() + 5 * minute);
  CHECK(f.destination(eve.destination).failures == 1);
  f.check_record();
}
