#include "mta/queue/judge.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::mta;
using proto::OutcomeItem;
using proto::OutcomeState;

namespace {

constexpr int64_t hour = 3'600'000;

Recipient bob() {
  Recipient r;
  r.row = 7;
  r.address = {"bob", "example.org"};
  r.state = State::in_flight;
  return r;
}

OutcomeItem outcome(OutcomeState state, std::string reason = "", std::string status = "") {
  OutcomeItem item;
  item.row = 7;
  item.state = state;
  item.reason = std::move(reason);
  item.status = std::move(status);
  return item;
}

}  // namespace

TEST_CASE("delivered ends the recipient; a DSN is due only when it was asked for") {
  Recipient recipient = bob();
  Change change = judge(outcome(OutcomeState::delivered), recipient, {}, {});
  CHECK(change.state == State::delivered);
  CHECK(change.dsn_due == 0);
  recipient.parameters.notify.bits = smtp::Notify::success;
  CHECK(judge(outcome(OutcomeState::delivered), recipient, {}, {}).dsn_due == dsn::delivered);
}

TEST_CASE("a mailbox that is full waits, and says when it is tried again") {
  const Change change = judge(outcome(OutcomeState::later, "mailbox full", "4.2.2"), bob(), {}, {1000, 0, 0});
  CHECK(change.state == State::waiting);
  CHECK(change.attempts == 1);
  CHECK(change.due_ms == 1000 + 5 * 60'000);
  CHECK_FALSE(change.offered);
  CHECK(change.event.get(event::Field::cause) == "mailbox full");
}

TEST_CASE("after four hours the sender is told once that it waits, unless NOTIFY forbids it") {
  Recipient recipient = bob();
  const Moment late{4 * hour, 0, 0};
  CHECK(judge(outcome(OutcomeState::later), recipient, {}, late).dsn_due == dsn::delayed);
  recipient.dsn_told = dsn::delayed;
  CHECK(judge(outcome(OutcomeState::later), recipient, {}, late).dsn_due == 0);
  recipient.dsn_told = 0;
  recipient.parameters.notify.bits = smtp::Notify::never;
  CHECK(judge(outcome(OutcomeState::later), recipient, {}, late).dsn_due == 0);
}

TEST_CASE("a lifetime that is over ends in expired with a DSN") {
  Recipient recipient = bob();
  recipient.attempts = 2;
  const Change change =
      judge(outcome(OutcomeState::later, "mailbox full"), recipient, {}, {121 * hour, 0, 0});
  CHECK(change.state == State::expired);
  CHECK(change.dsn_due == dsn::failed);
}

TEST_CASE("a refusal for good bounces, and NOTIFY=NEVER keeps the DSN away") {
  Recipient recipient = bob();
  CHECK(judge(outcome(OutcomeState::failed, "no such user", "5.1.1"), recipient, {}, {}).dsn_due ==
        dsn::failed);
  recipient.parameters.notify.bits = smtp::Notify::never;
  const Change change = judge(outcome(OutcomeState::failed), recipient, {}, {});
  CHECK(change.state == State::bounced);
  CHECK(change.dsn_due == 0);
}

TEST_CASE("an alias with several targets ends the way of NOTIFY=SUCCESS, one with a single target does not") {
  Recipient recipient = bob();
  recipient.parameters.notify.bits = smtp::Notify::success;
  OutcomeItem item = outcome(OutcomeState::expanded);
  item.targets = {"eva@example.org"};
  CHECK(judge(item, recipient, {}, {}).dsn_due == 0);
  item.targets.push_back("ida@example.org");
  CHECK(judge(item, recipient, {}, {}).dsn_due == dsn::expanded);
}

namespace {

RemoteOutcome remote(RemoteOutcome::State state, std::string reason = "", std::string status = "") {
  RemoteOutcome o;
  o.row = 7;
  o.state = state;
  o.reason = std::move(reason);
  o.status = std::move(status);
  o.host = "mx1.example.org[192.0.2.25]:25";
  o.words = "450 4.2.0 Greylisted";
  o.tls = "TLSv1.3 DANE-EE";
  return o;
}

}  // namespace

TEST_CASE(
    "handed over: a DSN \"relayed\" is due only when success was asked for and the server will not tell it") {
  Recipient recipient = bob();
  RemoteOutcome outcome = remote(RemoteOutcome::State::relayed);
  CHECK(judge(outcome, recipient, {}, {}).dsn_due == 0);
  recipient.parameters.notify.bits = smtp::Notify::success;
  CHECK(judge(outcome, recipient, {}, {}).dsn_due == dsn::relayed);
  outcome.dsn_passed = true;
  CHECK(judge(outcome, recipient, {}, {}).dsn_due == 0);
  CHECK(judge(outcome, recipient, {}, {}).state == State::relayed);
}

TEST_CASE("a trace keeps which server it was, how it was secured and what it said") {
  const Change change =
      judge(remote(RemoteOutcome::State::later, "put off at RCPT", "4.2.0"), bob(), {}, {1000, 0, 0});
  CHECK(change.state == State::waiting);
  CHECK(change.due_ms == 1000 + 5 * 60'000);
  CHECK(change.event.get(event::Field::host) == "mx1.example.org[192.0.2.25]:25");
  CHECK(change.event.get(event::Field::tls) == "TLSv1.3 DANE-EE");
  CHECK(change.event.get(event::Field::reply) == "450 4.2.0 Greylisted");
}

TEST_CASE("what was forwarded keeps the return path that it went out with, and only when it did") {
  RemoteOutcome outcome = remote(RemoteOutcome::State::relayed, "handed over", "2.0.0");
  outcome.return_path = "SRS0=ab=cd=a.example=x@example.org";
  CHECK(judge(outcome, bob(), {}, {1000, 0, 0}).event.get(event::Field::sender) == outcome.return_path);
  outcome.state = RemoteOutcome::State::later;
  CHECK(judge(outcome, bob(), {}, {1000, 0, 0}).event.get(event::Field::sender).empty());
}

TEST_CASE("when the whole destination failed, its back-off says when, and the attempt counts") {
  RemoteOutcome outcome = remote(RemoteOutcome::State::later, "no answer", "4.4.1");
  outcome.not_before_ms = 777'000;
  const Change change = judge(outcome, bob(), {}, {1000, 0, 0});
  CHECK(change.due_ms == 777'000);
  CHECK(change.attempts == 1);
}

TEST_CASE("five dead days: exactly the attempts of the rules, one notice, one return") {
  const RetryRules rules;
  Recipient recipient = bob();
  int attempts = 0, notices = 0;
  int64_t now = 0;
  Change change;
  do {
    ++attempts;
    change = judge(remote(RemoteOutcome::State::later, "no answer", "4.4.1"), recipient, rules, {now, 0, 0});
    notices += (change.dsn_due & dsn::delayed) != 0;
    recipient.dsn_told |= change.dsn_due;
    recipient.attempts = change.attempts;
    now = change.due_ms;
  } while (change.state == State::waiting);
  // 0, 5, 15, 35, 75 minutes, then hourly: 135 ... up to and with the first at or after five days.
  CHECK(attempts == 5 + (5 * 24 * 60 - 75 + 59) / 60);
  CHECK(notices == 1);
  CHECK(change.state == State::expired);
  CHECK(change.dsn_due == dsn::failed);
}
