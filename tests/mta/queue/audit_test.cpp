// Things that must not be, planted one by one: the audit names each, and nothing else.
#include <doctest/doctest.h>

#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;
using proto::OutcomeState;

namespace {

/// Message 1 is in flight (bob is row 1), message 2 is delivered (alice is row 2).
/// 3 to 5).
struct AuditedQueue : QueueFixture {
  AuditedQueue() {
    REQUIRE(accept(message({"bob@futar.test"})).has_value());
    queue->link_up();
    REQUIRE(accept(message({"alice@futar.test"})).has_value());
    REQUIRE(wait_for_sent(2));
    for (const auto& one : sent())
      if (one.address.local == "alice") answer(one, OutcomeState::delivered);
    REQUIRE(wait_for_state("alice@futar.test", State::delivered));
    REQUIRE(problems().empty());
  }
  bool adds_up() {
    const Census c = census();
    return c.accepted + c.added == c.terminal + c.waiting + c.in_flight + c.held;
  }
};

struct Planted {
  const char* what;
  const char* sql;
  const char* problem;  ///< its sentence
  bool adds_up = true;
};

constexpr Planted plants[] = {
    {"a recipient row is lost", "DELETE FROM recipient WHERE local = 'bob'",
     "message 1 has not as many recipients as it was accepted with", false},
    {"a recipient row is doubled",
     "INSERT INTO recipient(message, local, domain, state) VALUES(2, 'eva', 'futar.test', 4)",
     "message 2 has not as many recipients as it was accepted with", false},
    {"a message row is lost, its recipient stays", "DELETE FROM message WHERE key = 2",
     "recipient 2 belongs to no message", false},
    {"the header of an open message is gone", "UPDATE message SET header = NULL WHERE key = 1",
     "recipient 1 is open, but the content of its message is gone"},
    {"the body of an open message is gone", "DELETE FROM content WHERE key = 1",
     "the body of message 1 is missing"},
    {"content stays when all is over", "UPDATE message SET header = x'0d0a', size = 0 WHERE key = 2",
     "message 2 has ended, but its content is still here"},
    {"a body is left over", "INSERT INTO content(key, body) VALUES(99, x'41')",
     "the body 99 belongs to no message"},
    {"a state that is none", "UPDATE recipient SET state = 12 WHERE id = 2",
     "recipient 2 is in no legal state"},
    {"an alias that led to nobody", "UPDATE recipient SET state = 8 WHERE id = 2",
     "recipient 2 was expanded into nobody"},
    {"a child without its parent", "UPDATE recipient SET parent = 77 WHERE id = 2",
     "recipient 2 was added in place of one that is not there", false},
    {"a destination that is lost", "UPDATE recipient SET state = 1, destination = 55 WHERE id = 1",
     "recipient 1 waits for a destination that is not there"},
    {"a notification without id and rule",
     "INSERT INTO dsn(recipient, kind) VALUES(2, 1); UPDATE recipient SET dsn_told = 1 WHERE id = 2",
     "a notification about recipient 2 is neither sent nor suppressed"},
    {"a notification that never was a message",
     "INSERT INTO dsn(recipient, kind, id) VALUES(2, 1, x'00112233445566778899aabbccddeeff');"
     "UPDATE recipient SET dsn_told = 1 WHERE id = 2",
     "the notification about recipient 2 is not in the queue's history"},
    {"told by no notification", "UPDATE recipient SET dsn_told = 2 WHERE id = 2",
     "what was told about recipient 2 is not what stands in its history"},
    {"an envelope that cannot be read", "UPDATE message SET envelope = '{' WHERE key = 2",
     "the row of message 2 is damaged"},
};

}  // namespace

TEST_CASE("each planted inconsistency of the queue is found") {
  for (const Planted& plant : plants) {
    AuditedQueue audited;
    audited.damage(plant.sql);
    const auto problems = audited.problems();
    CAPTURE(std::string(plant.what));
    CAPTURE(problems.size());
    CHECK(std::ranges::count(problems, plant.problem) == 1);
    CHECK(audited.adds_up() == plant.adds_up);
  }
}

TEST_CASE("what goes by alias, fails with a notification, or is held leaves nothing to find") {
  AuditedQueue audited;
  REQUIRE(audited.accept(audited.message({"team@futar.test", "eva@futar.test"})).has_value());
  for (int round = 0; round < 3; ++round) {
    audited.wait_for_sent(1);
    for (const auto& one : audited.sent())
      audited.answer(one, one.address.local == "bob" ? OutcomeState::failed : OutcomeState::delivered, "no");
    poll_loop(audited.loop);
  }
  CHECK(audited.problems().empty());
  CHECK(audited.adds_up());
}
