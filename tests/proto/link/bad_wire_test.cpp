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

TEST_CASE("delivery over a bad wire: each row delivered once") {
  for (const Wire& wire : wires) {
    CAPTURE(wire.name);
    World world;
    QueueStore queue_store;
    LedgerStore ledger_store;
    Queue queue(world, queue_store);
    Mda mda(world, ledger_store);
    queue.start(answer_ms);
    Relay relay(world, "relay", "delivery");
    make_bad(relay, wire);
    mda.start("relay");
    for (int i = 0; i < 300; ++i) {
      queue.add(i % 60 == 0 ? 300'000 : 3000);
      if (i % 3 == 0) run_until(world.loop, [] { return false; }, 3);
    }
    REQUIRE(run_until(world.loop, [&] { return queue.open() == 0; }, 60'000));
    CHECK(ledger_store.overlaps == 0);
    CHECK(ledger_store.delivered.size() == 300);
    for (const auto& [row, times] : ledger_store.delivered) CHECK(times == 1);
    for (const auto& [row, text] : ledger_store.bodies) CHECK(text == body_text(0, text.size()));
  }
}

TEST_CASE("nonsense at either end is survived, and the conversation goes on") {
  World world;
  MsaStore msa_store;
  MtaStore mta_store;
  Mta mta(world, mta_store);
  Msa msa(world, msa_store);
  mta.start();
  msa.start();
  zmq::Context context(world.loop);
  zmq::SocketOptions options;
  options.endpoint = "ipc://" + (world.folder / "submission");
  size_t asked_for_hello = 0;
  auto stranger = *zmq::Socket::open(context, options,
                                     {[&](const std::string&, zmq::Frames frames) {
                                        auto message = decode(std::move(frames));
                                        REQUIRE(message.has_value());
                                        asked_for_hello += std::get<Later>(*message).say_hello;
                                      },
                                      {},
                                      {}});
  const Frames nonsense[] = {{"garbage"},
                             {"", ""},
                             {R"({"k":"surprise"})"},
                             encode(Credit{1}),
                             encode(Accepted{{{1, INT64_MAX}}}),
                             encode(Outcome{}),
                             encode(Transfer{}),
                             encode(Chunk{1, 0, true, "x"}),
                             encode(Want{{1}})};
  for (int round = 0; round < 20; ++round) {
    for (const Frames& frames : nonsense) stranger->send("", frames);
    msa.accept(100);
    run_until(world.loop, [] { return false; }, 20);
  }
  CHECK(run_until(world.loop, [&] { return msa.is_done(); }));
  CHECK(asked_for_hello > 0);
  CHECK(asked_for_hello < 5);  // not one for each
  CHECK(mta_store.taken.size() == 20);
}

TEST_CASE("a peer that was welcomed and then talks nonsense is asked to begin again") {
  World world;
  MtaStore mta_store;
  Mta mta(world, mta_store);
  mta.start();
  zmq::Context context(world.loop);
  zmq::SocketOptions options;
  options.endpoint = "ipc://" + (world.folder / "submission");
  size_t welcomes = 0, asked = 0;
  auto peer = *zmq::Socket::open(context, options,
                                 {[&](const std::string&, zmq::Frames frames) {
                                    auto message = decode(std::move(frames));
                                    REQUIRE(message.has_value());
                                    welcomes += std::holds_alternative<Welcome>(*message);
                                    if (const auto* later = std::get_if<Later>(&*message))
                                      asked += later->say_hello;
                                  },
                                  {},
                                  {}});
  const auto send_until = [&](const Frames& frames, std::function<bool()> done) {
    return run_until(
        world.loop,
        [&, done] {
          peer->send("", frames);
          return done();
        },
        2000);
  };
  Hello hello{"msa", "msa-9", 5};
  REQUIRE(send_until(encode(hello), [&] { return welcomes > 0; }));
  CHECK(mta.link->state().up);
  REQUIRE(send_until({"garbage"}, [&] { return asked > 0; }));
  CHECK_FALSE(mta.link->state().up);
  hello.session = 2;
  const size_t before = welcomes;
  REQUIRE(send_until(encode(hello), [&] { return welcomes > before; }));
  CHECK(mta.link->state().up);

  // A sender that does not count its credit.
  asked = 0;
  Chunk chunk{1, 0, false, std::string(1 << 20, 'x')};
  Transfer head{1, 0, {}};
  spool::Message message;
  message.id = MessageId::make(world.clock);
  message.body = {100 << 20, nullptr, ""};
  head.items.push_back({1, std::move(message)});
  mta_store.stuck = true;
  Transfer many{1, 0, {}};
  for (int64_t i = 2; i < 100; ++i) {
    spool::Message small;
    small.id = MessageId::make(world.clock);
    small.body = {30'000, std::make_shared<const std::string>(30'000, 'x'), ""};
    many.items.push_back({i, std::move(small)});
  }
  CHECK(run_until(
      world.loop,
      [&] {
        for (TransferItem& item : many.items) item.sequence += 100;
        peer->send("", encode(many));
        return asked > 0;
      },
      3000));
  mta_store.stuck = false;
  run_until(world.loop, [] { return false; }, 20);
}
