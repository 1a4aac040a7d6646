#include "mta/queue/queue.h"

#include "mta/queue/destination_store.h"
#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;
using proto::OutcomeState;

TEST_CASE("a message goes to mda at once while the link is up, and ends delivered") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  CHECK(f.state_of("alice@futar.test") == State::in_flight);
  f.answer(f.sent()[0], OutcomeState::delivered);
  CHECK(f.wait_for_state("alice@futar.test", State::delivered));
  CHECK(f.problems().empty());
}

TEST_CASE("without a link mail waits, and all of it goes when the link comes") {
  QueueFixture f;
  for (int i = 0; i < 5; ++i)
    REQUIRE(f.accept(f.message({"alice@futar.test", "bob@futar.test"})).has_value());
  CHECK(f.state_of("alice@futar.test") == State::waiting);
  CHECK(f.items.empty());
  f.queue->link_up();
  CHECK(f.wait_for_sent(10));
  CHECK(f.census().in_flight == 10);
}

TEST_CASE("a link that goes down puts what mda had back, and offers the same rows again") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  const int64_t row = f.sent()[0].row;
  f.items.clear();
  f.queue->link_down();
  CHECK(f.wait_for_state("alice@futar.test", State::waiting));
  f.queue->link_up();
  REQUIRE(f.wait_for_sent(1));
  CHECK(f.sent()[0].row == row);
}

TEST_CASE("an outcome that comes after the link went and came is as true as before") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  const auto recipient = f.sent()[0];
  f.queue->link_down();
  REQUIRE(f.wait_for_state("alice@futar.test", State::waiting));
  f.answer(recipient, OutcomeState::delivered);
  CHECK(f.wait_for_state("alice@futar.test", State::delivered));
}

TEST_CASE("a kill while mail is in flight offers it again after the start") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  const int64_t row = f.sent()[0].row;
  f.restart();
  CHECK(f.state_of("alice@futar.test") == State::waiting);
  f.queue->link_up();
  REQUIRE(f.wait_for_sent(1));
  CHECK(f.sent()[0].row == row);
}

TEST_CASE("an outcome for a terminal recipient is ignored and counted") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  const auto recipient = f.sent()[0];
  f.answer(recipient, OutcomeState::delivered);
  REQUIRE(f.wait_for_state("alice@futar.test", State::delivered));
  f.answer(recipient, OutcomeState::failed, "no");
  CHECK(run_until(f.loop, [&] { return f.queue->counts().outcomes_ignored == 1; }));
  CHECK(f.state_of("alice@futar.test") == State::delivered);
}

TEST_CASE("an operator's wish for what mda may have is granted only after mda has said that it has nothing") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"alice@futar.test", "bob@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(2));
  f.queue->link_down();
  REQUIRE(f.wait_for_state("alice@futar.test", State::waiting));
  f.items.clear();
  CHECK(f.act(Act::remove).wished == 2);
  CHECK(f.state_of("alice@futar.test") == State::waiting);
  f.queue->link_up();
  REQUIRE(f.wait_for_sent(2));
  for (const auto& recipient : f.sent()) {
    CHECK(recipient.ask_only);
    const bool had_it = recipient.address.local == "alice";
    f.answer(recipient, had_it ? OutcomeState::delivered : OutcomeState::later,
             "nothing of it was delivered");
  }
  CHECK(f.wait_for_state("alice@futar.test", State::delivered));
  CHECK(f.wait_for_state("bob@futar.test", State::cancelled));
  CHECK(f.problems().empty());
}

TEST_CASE("a recipient row that is lost shows in the sums and is named") {
  QueueFixture f;
  REQUIRE(f.accept(f.message({"alice@futar.test", "bob@futar.test"})).has_value());
  CHECK(f.problems().empty());
  f.damage("DELETE FROM recipient WHERE local = 'bob'");
  const Census census = f.census();
  CHECK(census.accepted == 2);
  CHECK(census.terminal + census.waiting + census.in_flight + census.held == 1);
  CHECK(f.problems() ==
        std::vector<std::string>{"message 1 has not as many recipients as it was accepted with"});
}

TEST_CASE("what waits and was never offered is held, released and removed at once") {
  QueueFixture f;
  REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
  CHECK(f.act(Act::hold).done == 1);
  CHECK(f.state_of("alice@futar.test") == State::held);
  CHECK(f.act(Act::hold).refused == 1);
  CHECK(f.act(Act::release).done == 1);
  CHECK(f.state_of("alice@futar.test") == State::waiting);
  CHECK(f.act(Act::remove).done == 1);
  CHECK(f.state_of("alice@futar.test") == State::cancelled);
  CHECK(f.problems().empty());
}

TEST_CASE("an alias becomes children of the same message, and a mailbox receives it once") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"bob@futar.test", "team@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(2));
  const auto sent = f.sent();
  f.answer(sent[1], OutcomeState::expanded, "", {"alice@futar.test", "bob@futar.test"});
  REQUIRE(f.wait_for_sent(2));
  CHECK(f.state_of("team@futar.test") == State::expanded);
  CHECK(f.sent()[1].address.text() == "alice@futar.test");
  CHECK(f.sent()[1].depth == 1);
  CHECK(f.sent()[1].ancestry == std::vector<std::string>{"team@futar.test"});
  for (const auto& recipient : f.sent()) f.answer(recipient, OutcomeState::delivered);
  REQUIRE(f.wait_for_state("alice@futar.test", State::delivered));
  const Census census = f.census();
  CHECK(census.accepted == 2);
  CHECK(census.added == 2);
  CHECK(census.terminal == 4);  // expanded, two delivered, one duplicate
  CHECK(f.problems().empty());
}

TEST_CASE("two recipients for one mailbox at RCPT: the second is a duplicate, a detail is another mailbox") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"bob@futar.test", "BOB@futar.test", "bob+list@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(2));
  CHECK(f.census().terminal == 1);
}

TEST_CASE(
    "five dead days: the configured attempts, one notice, one DSN; restarts in between change nothing") {
  for (const int restart_each : {0, 10}) {
    QueueFixture f;
    f.queue->link_up();
    REQUIRE(f.accept(f.message({"alice@futar.test"})).has_value());
    int attempts = 0;
    while (f.state_of("alice@futar.test") != State::expired && attempts < 200) {
      REQUIRE(run_until(f.loop, [&] {
        return std::ranges::any_of(f.sent(), [](const auto& r) { return r.address.local == "alice"; });
      }));
      for (const auto& recipient : f.sent())
        f.answer(recipient,
                 recipient.address.local == "alice" ? OutcomeState::later : OutcomeState::delivered,
                 "mailbox full");
      ++attempts;
      REQUIRE(run_until(f.loop, [&] {
        const State state = f.state_of("alice@futar.test");
        return (state == State::waiting || state == State::expired) && !f.dsn_is_due();
      }));
      if (restart_each && attempts % restart_each == 0) {
        f.restart();
        f.queue->link_up();
      }
      RetryRules rules;
      f.clock.advance_ms(back_off_ms(rules, attempts));
      f.queue->wake();
    }
    CHECK(attempts == 124);
    // The sender's mailbox got the notice after four hours and the DSN at the end.
    REQUIRE(f.wait_for_sent(1));
    for (const auto& recipient : f.sent()) f.answer(recipient, OutcomeState::delivered);
    REQUIRE(run_until(f.loop, [&] { return f.census().waiting + f.census().in_flight == 0; }));
    CHECK(f.census().messages == 3);
    CHECK(f.problems().empty());
  }
}

TEST_CASE("a bounce goes to a proven sender alone; from others the recipient is held") {
  QueueFixture f;
  f.queue->link_up();
  spool::Message unproven = f.message({"alice@futar.test"}, "stranger@elsewhere.test");
  unproven.proven_sender = false;
  REQUIRE(f.accept(std::move(unproven)).has_value());
  REQUIRE(f.wait_for_sent(1));
  f.answer(f.sent()[0], OutcomeState::failed, "no such user");
  CHECK(f.wait_for_state("alice@futar.test", State::held));
  CHECK(f.census().messages == 1);

  REQUIRE(f.accept(f.message({"eva@futar.test"}, "bob@futar.test")).has_value());
  REQUIRE(f.wait_for_sent(1));
  f.answer(f.sent()[0], OutcomeState::failed, "no such user");
  REQUIRE(f.wait_for_state("eva@futar.test", State::bounced));
  REQUIRE(f.wait_for_sent(1));
  CHECK(f.sent()[0].address.text() == "bob@futar.test");
  CHECK(f.items.back().reverse_path.is_null());
  CHECK(f.items.back().header.find("multipart/report") != std::string::npos);
  f.answer(f.sent()[0], OutcomeState::delivered);
  REQUIRE(run_until(f.loop, [&] { return f.census().in_flight == 0; }));
  CHECK(f.problems().empty());
}

TEST_CASE("a message with the null reverse-path bounces into silence") {
  QueueFixture f;
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"alice@futar.test"}, "")).has_value());
  REQUIRE(f.wait_for_sent(1));
  f.answer(f.sent()[0], OutcomeState::failed, "no such user");
  CHECK(f.wait_for_state("alice@futar.test", State::bounced));
  CHECK(f.census().messages == 1);
}

TEST_CASE("what msa hands over twice is stored once, and the same sequence with another id is told") {
  QueueFixture f;
  const spool::Message first = f.message({"alice@futar.test"}), second = f.message({"bob@futar.test"});
  const auto take = [&](int64_t epoch, int64_t sequence, const spool::Message& message) {
    Seen seen = Seen::no;
    run_task(f.loop, [](QueueFixture& fx, int64_t e, int64_t s, spool::Message m, Seen& out) -> Task<> {
      std::vector<Queue::FromMsa> batch;
      batch.push_back({s, std::move(m)});
      auto answers = co_await fx.queue->take("msa-instance", e, std::move(batch));
      out = answers->at(0);
    }(f, epoch, sequence, message, seen));
    return seen;
  };
  CHECK(take(1, 1, first) == Seen::no);
  CHECK(take(1, 1, first) == Seen::same);
  CHECK(take(1, 1, second) == Seen::other_id);
  CHECK(take(2, 1, first) == Seen::same);  // a new epoch: the message id tells
  CHECK(take(2, 2, second) == Seen::no);
  CHECK(f.census().messages == 2);
}

TEST_CASE("mail for other domains is captured, each with its original recipient, or held") {
  QueueFixture capture({Remote::capture});
  capture.queue->link_up();
  REQUIRE(capture.accept(capture.message({"x@remote.test", "y@remote.test"})).has_value());
  REQUIRE(capture.wait_for_sent(2));
  CHECK(capture.sent()[0].address.text() == "captured@futar.test");
  CHECK(capture.items[0].prefix == "X-Original-To: x@remote.test\r\n");

  QueueFixture hold({Remote::hold});
  REQUIRE(hold.accept(hold.message({"x@remote.test"})).has_value());
  CHECK(hold.state_of("x@remote.test") == State::held);
}

TEST_CASE("a damaged message is set aside when what waits is loaded, and the rest goes") {
  QueueFixture f;
  for (const char* to : {"alice@futar.test", "bob@futar.test"})
    REQUIRE(f.accept(f.message({to})).has_value());
  f.damage("UPDATE message SET id = x'00' WHERE key = 1");
  f.restart();
  f.queue->link_up();
  REQUIRE(f.wait_for_sent(1));
  CHECK(f.sent()[0].address.local == "bob");
  CHECK(f.recipient(1).state == State::held);
  CHECK(f.queue->counts().rows_set_aside == 1);
}

TEST_CASE("what mda answers about a damaged message is set aside, and the answers beside it are stored") {
  const struct {
    OutcomeState outcome;
    State state;
  } rows[] = {{OutcomeState::delivered, State::delivered},
              {OutcomeState::failed, State::held},
              {OutcomeState::later, State::held},
              {OutcomeState::expanded, State::held}};
  for (const auto& row : rows) {
    CAPTURE(row.state);
    QueueFixture f;
    f.queue->link_up();
    for (const char* to : {"alice@futar.test", "bob@futar.test"})
      REQUIRE(f.accept(f.message({to})).has_value());
    REQUIRE(f.wait_for_sent(2));
    std::vector<proto::OutcomeItem> both;
    for (const auto& sent : f.sent()) {
      both.emplace_back();
      both.back().row = sent.row;
      both.back().state = sent.row == 1 ? row.outcome : OutcomeState::delivered;
      if (row.outcome == OutcomeState::expanded) both.back().targets = {"eva@futar.test"};
    }
    f.queue->link_down();  // what was known of the messages is forgotten
    f.damage("UPDATE message SET envelope = '{' WHERE key = 1");
    f.queue->outcomes(both);
    REQUIRE(run_until(f.loop, [&] { return f.recipient(2).state == State::delivered; }));
    CHECK(f.recipient(1).state == row.state);
    CHECK(f.queue->counts().rows_set_aside == 1);
  }
}

TEST_CASE("an alias that mda answers after a restart sends on under the message's own sender") {
  RouteRules rules;
  rules.sender_routes = *parse_routes({{"sender@futar.test", "smtp://smart.example"}});
  QueueFixture f(rules);
  f.queue->link_up();
  REQUIRE(f.accept(f.message({"team@futar.test"})).has_value());
  REQUIRE(f.wait_for_sent(1));
  const auto sent = f.sent()[0];
  f.restart();
  f.queue->link_up();
  REQUIRE(f.wait_for_sent(1));
  f.queue->link_down();
  f.answer(sent, OutcomeState::expanded, "", {"eve@remote.example"});
  REQUIRE(f.wait_for_state("eve@remote.example", State::waiting));
  f.look([&](store::Database& database) {
    CHECK(load_destination(database, f.recipient(2).destination)->name == "smtp://smart.example:25");
  });
}
