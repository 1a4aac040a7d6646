#include <doctest/doctest.h>

#include "tests/proto/link/delivery_ends.h"

using namespace futar;
using namespace futar::proto;

namespace {

struct Delivery {
  World world;
  QueueStore queue_store;
  LedgerStore ledger_store;
  Queue queue{world, queue_store};
  Mda mda{world, ledger_store};

  bool wait(std::function<bool()> condition, int64_t ms = 20'000) {
    return run_until(world.loop, std::move(condition), ms);
  }
  void pass(int64_t ms) {
    wait([] { return false; }, ms);
  }
  void start() {
    queue.start();
    mda.start();
    REQUIRE(wait([this] { return queue.link->ready() && mda.link->state().up; }));
  }
  void check_each_once() {
    CHECK(ledger_store.overlaps == 0);
    CHECK(ledger_store.delivered.size() == static_cast<size_t>(queue_store.next_row - 1));
    for (const auto& [row, times] : ledger_store.delivered) CHECK(times == 1);
    for (const auto& [row, text] : ledger_store.bodies) CHECK(text == body_text(0, text.size()));
  }
};

}  // namespace

TEST_CASE("recipients reach mda in batches and each has its outcome") {
  Delivery test;
  test.start();
  for (int i = 0; i < 1000; ++i) test.queue.add(4000);
  REQUIRE(test.wait([&] { return test.queue.open() == 0; }));
  test.check_each_once();
  CHECK(test.ledger_store.batches < 200);
  CHECK(test.wait([&] { return test.queue.link->state().credit == credit_window; }));
  CHECK(test.queue.link->state().in_transfer == 0);
}

TEST_CASE("mta hears the mailbox states after each Welcome and when they change") {
  Delivery test;
  test.start();
  CHECK(test.wait(
      [&] { return test.queue_store.mailboxes == std::map<std::string, bool>{{"bob@example.org", true}}; }));
  test.mda.link->push({false, {{"eve@example.org", true}, {"bob@example.org", false}}});
  CHECK(test.wait([&] {
    return test.queue_store.mailboxes.size() == 2 && !test.queue_store.mailboxes["bob@example.org"];
  }));
}

TEST_CASE("the ledger forgets only what mta has committed, and soon") {
  Delivery test;
  test.start();
  for (int i = 0; i < 50; ++i) test.queue.add(100);
  REQUIRE(test.wait([&] { return test.queue.open() == 0; }));
  CHECK(test.wait([&] { return test.ledger_store.ledger.empty(); }));
}

TEST_CASE("large bodies are assembled while small mail passes") {
  Delivery test;
  test.start();
  const int64_t large = test.queue.add(10'000'000);
  for (int i = 0; i < 6; ++i) test.queue.add(300'000);
  for (int i = 0; i < 200; ++i) test.queue.add(4000);
  REQUIRE(test.wait([&] { return test.queue.open() <= 7; }));
  CHECK(test.queue_store.rows.at(large).state == QueueStore::State::in_flight);
  REQUIRE(test.wait([&] { return test.queue.open() == 0; }, 60'000));
  CHECK(test.ledger_store.bodies.size() == 7);
  test.check_each_once();
  CHECK(test.wait([&] { return test.queue.link->state().credit == credit_window; }));
}

TEST_CASE("two recipients of one large message that come apart do not write one file") {
  Delivery test;
  test.start();
  const MessageId id = MessageId::make(test.world.clock);
  for (int i = 0; i < 3; ++i) test.queue.add(700'000, id);
  REQUIRE(test.wait([&] { return test.queue.open() == 0; }, 60'000));
  CHECK(test.ledger_store.bodies.size() == 3);
  CHECK(test.queue_store.laters == 0);
  test.check_each_once();
}

TEST_CASE("mda that does not get on makes mta's end not ready after 8 MiB, and ready again") {
  Delivery test;
  test.start();
  test.ledger_store.stuck = true;
  for (int i = 0; i < 600; ++i) {
    test.queue.add(40'000);
    if (i % 10 == 0) test.pass(1);
  }
  test.pass(100);
  CHECK_FALSE(test.queue.link->ready());
  CHECK(test.queue.link->state().up);
  CHECK(test.queue.link->state().in_transfer < (credit_window + batch_octets) / 40'000 + 2);
  test.ledger_store.stuck = false;
  REQUIRE(test.wait([&] { return test.queue.open() == 0; }));
  test.check_each_once();
}

TEST_CASE("a lost mda gives all rows back, and they go to the next one") {
  Delivery test;
  test.start();
  test.ledger_store.stuck = true;
  for (int i = 0; i < 30; ++i) test.queue.add(100);
  REQUIRE(test.wait([&] { return test.queue.link->state().in_transfer == 30; }));
  test.mda.kill();
  REQUIRE(test.wait([&] { return !test.queue.link->state().up; }, 3000));
  CHECK_FALSE(test.queue.link->ready());
  CHECK(test.queue_store.downs == 1);
  test.ledger_store.stuck = false;
  test.mda.start();
  REQUIRE(test.wait([&] { return test.queue.open() == 0; }));
}

TEST_CASE("either end of the delivery killed at random moments: each row delivered once") {
  Delivery test;
  test.queue.start();
  test.mda.start();
  test.ledger_store.later_percent = 5;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 20; ++i) test.queue.add(test.world.chance(3) ? 400'000 : 2000);
    test.pass(static_cast<int64_t>(test.world.random() % 40));
    if (test.world.chance(50)) {
      test.mda.kill();
      test.mda.start();
    }
    if (test.world.chance(50)) {
      test.queue.kill();
      test.pass(static_cast<int64_t>(test.world.random() % 20));
      test.queue.start();
    }
  }
  REQUIRE(test.wait([&] { return test.queue.open() == 0; }, 60'000));
  test.check_each_once();
}

TEST_CASE("a second mda is refused while the first is there") {
  Delivery test;
  test.start();
  LedgerStore other_store;
  Mda other(test.world, other_store);
  other.instance = "mda-2";
  other.start();
  test.pass(200);
  CHECK_FALSE(other.link->state().up);
  CHECK(test.queue.link->state().peer == "mda-1");
  test.mda.kill();
  CHECK(test.wait([&] { return test.queue.link->state().peer == "mda-2"; }));
}

TEST_CASE("msa at mda's endpoint is refused") {
  Delivery test;
  test.queue.start();
  MsaStore store;
  Msa msa(test.world, store);
  msa.start("delivery");
  test.pass(200);
  CHECK_FALSE(msa.link->state().up);
}

TEST_CASE("mda that stops answers what it has begun") {
  Delivery test;
  test.start();
  test.ledger_store.take_ms = 100;
  for (int i = 0; i < 20; ++i) test.queue.add(100);
  REQUIRE(test.wait([&] { return test.mda.link->state().in_transfer == 20; }));
  run_task(test.world.loop, test.mda.link->stop());
  CHECK(test.ledger_store.delivered.size() == 20);
  CHECK(test.wait([&] { return test.queue.open() == 0; }));
}

TEST_CASE("mta that stops waits for the outcomes") {
  Delivery test;
  test.start();
  test.ledger_store.take_ms = 100;
  for (int i = 0; i < 20; ++i) test.queue.add(100);
  run_task(test.world.loop, test.queue.link->stop());
  CHECK(test.queue.open() == 0);
}
