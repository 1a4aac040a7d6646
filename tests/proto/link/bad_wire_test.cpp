// The links over a wire that loses, repeats and delays, and with peers that talk nonsense.
#include <doctest/doctest.h>

#include "proto/codec/codec.h"
#include "tests/proto/link/delivery_ends.h"
#include "tests/proto/link/relay.h"

using namespace futar;
using namespace futar::proto;

namespace {

constexpr int64_t answer_ms = 400;

struct Wire {
  std::string_view name;
  int drop_permille, repeat_percent;
  int64_t delay_ms;
};
constexpr Wire wires[] = {
    {"repeats", 0, 30, 0}, {"loses", 15, 0, 0}, {"delays", 0, 0, 20}, {"does all of it", 10, 20, 5}};

/// mta's queue and mda with the wire between them.
struct Delivery {
  World world;
  QueueStore queue_store;
  LedgerStore ledger_store;
  Queue queue{world, queue_store};
  Mda mda{world, ledger_store};
  std::optional<Relay> relay;

  Delivery() {
    queue.start(answer_ms);
    relay.emplace(world, "relay", "delivery");
  }
  bool wait_until_done(int64_t ms) {
    return run_until(world.loop, [this] { return queue.open() == 0; }, ms);
  }
};

void make_bad(Relay& relay, const Wire& wire) {
  relay.drop_permille = wire.drop_permille;
  relay.repeat_percent = wire.repeat_percent;
  relay.delay_ms = wire.delay_ms;
}

}  // namespace

TEST_CASE("submission over a bad wire: none lost, none taken twice") {
  for (const Wire& wire : wires) {
    CAPTURE(wire.name);
    World world;
    MsaStore msa_store;
    MtaStore mta_store;
    Mta mta(world, mta_store);
    Msa msa(world, msa_store);
    mta.start("submission");
    Relay relay(world, "relay", "submission");
    make_bad(relay, wire);
    msa.start("relay", answer_ms);
    for (int i = 0; i < 300; ++i) {
      msa.accept(i % 60 == 0 ? 300'000 : 3000);
      if (i % 3 == 0) run_until(world.loop, [] { return false; }, 3);
    }
    REQUIRE(run_until(world.loop, [&] { return msa.is_done(); }, 60'000));
    CHECK(mta_store.overlaps == 0);
    CHECK(mta_store.taken.size() == 300);
    for (const auto& [id, times] : mta_store.taken) CHECK(times == 1);
    for (const auto& [id, text] : mta_store.bodies) CHECK(text == body_text(0, text.size()));
    CHECK((relay.dropped > 0) == (wire.drop_permille > 0));
  }
}

TEST_CASE("a request to begin again that is lost is made again") {
  Delivery test;
  std::set<std::string_view> lost;  // the first outcome, so that mta asks; then what it asks
  test.relay->loses = [&lost](const zmq::Frames& frames) {
    const auto message = decode(zmq::Frames(frames));
    const bool is_one = message && (std::holds_alternative<Outcome>(*message) ||
                                    (lost.size() == 1 && std::holds_alternative<Later>(*message)));
    return is_one && lost.insert(kind_name(*message)).second;
  };
  test.mda.start("relay");
  test.queue.add(3000);
  REQUIRE(test.wait_until_done(10'000));
  CHECK(lost.size() == 2);
  CHECK(test.ledger_store.delivered == std::map<int64_t, int>{{1, 1}});
}

TEST_CASE("delivery over a bad wire: each row delivered once") {
  for (const Wire& wire : wires) {
    CAPTURE(wire.name);
    Delivery test;
    make_bad(*test.relay, wire);
    test.mda.start("relay");
    for (int i = 0; i < 300; ++i) {
      test.queue.add(i % 60 == 0 ? 300'000 : 3000);
      if (i % 3 == 0) run_until(test.world.loop, [] { return false; }, 3);
    }
    REQUIRE(test.wait_until_done(60'000));
    CHECK(test.ledger_store.overlaps == 0);
    CHECK(test.ledger_store.delivered.size() == 300);
    for (const auto& [row, times] : test.ledger_store.delivered) CHECK(times == 1);
    for (const auto& [row, text] : test.ledger_store.bodies) CHECK(text == body_text(0, text.size()));
  }
}
