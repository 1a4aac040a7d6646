// One real end of a link against a peer that says what the test wants, message by message.
#include <doctest/doctest.h>

#include "proto/codec/codec.h"
#include "tests/proto/link/delivery_ends.h"

using namespace futar;
using namespace futar::proto;

namespace {

class Peer {
 public:
  Peer(World& world, const std::string& name, zmq::SocketKind kind) : world_(world), context_(world.loop) {
    zmq::SocketOptions options;
    options.kind = kind;
    options.bind = kind == zmq::SocketKind::router;
    options.endpoint = "ipc://" + (world.folder / name);
    socket_ = *zmq::Socket::open(context_, options,
                                 {[this](const std::string& route, zmq::Frames frames) {
                                    route_ = route;
                                    heard_.push_back(*decode(std::move(frames)));
                                  },
                                  [this] { connected_ = true; },
                                  {}});
    if (kind == zmq::SocketKind::dealer) REQUIRE(run_until(world.loop, [this] { return connected_; }));
  }

  void say(const Message& message) { REQUIRE(socket_->send(route_, encode(message))); }
  void say_frames(const Frames& frames) { REQUIRE(socket_->send(route_, frames)); }
  /// Waits for the next message of kind T; what comes before it is dropped.
  template <class T>
  T hear() {
    std::optional<T> found;
    const auto next = [&] {
      while (!heard_.empty() && !found) {
        if (auto* message = std::get_if<T>(&heard_.front())) found = std::move(*message);
        heard_.pop_front();
      }
      return found.has_value();
    };
    REQUIRE(run_until(world_.loop, next, 3000));
    return *std::move(found);
  }
  template <class T>
  size_t count(int64_t ms) {
    run_until(world_.loop, [] { return false; }, ms);
    return static_cast<size_t>(
        std::ranges::count_if(heard_, [](const Message& m) { return std::holds_alternative<T>(m); }));
  }

 private:
  World& world_;
  zmq::Context context_;
  std::unique_ptr<zmq::Socket> socket_;
  std::string route_;
  bool connected_ = false;
  std::deque<Message> heard_;
};

struct WithMta {
  World world;
  MtaStore store;
  Mta mta{world, store};
  std::optional<Peer> peer;

  explicit WithMta(int64_t confirmed_below = 0) {
    mta.start();
    peer.emplace(world, "submission", zmq::SocketKind::dealer);
    peer->say(hello(1, confirmed_below));
    CHECK(peer->hear<Welcome>().session == 1);
  }
  static Hello hello(int64_t session, int64_t confirmed_below = 0) {
    Hello made{"msa", "msa-1", 5, 1, confirmed_below};
    made.session = session;
    return made;
  }
  TransferItem item(int64_t sequence, size_t size, bool in_chunks = false) {
    TransferItem made;
    made.sequence = sequence;
    made.message.id = MessageId::make(world.clock);
    made.message.body.size = size;
    if (!in_chunks) made.message.body.bytes = std::make_shared<const std::string>(body_text(0, size));
    return made;
  }
  void transfer(TransferItem item) {
    Transfer made{1, 0, {}};
    made.items.push_back(std::move(item));
    peer->say(made);
  }
};

Chunk chunk_of(int64_t sequence, size_t size, uint64_t offset) {
  std::string octets = body_text(0, size).substr(offset, chunk_size);
  const bool last = offset + octets.size() == size;
  return {sequence, offset, last, std::move(octets)};
}

}  // namespace

TEST_CASE("what the sender has confirmed is never taken again, whoever repeats it") {
  WithMta test(10);
  test.transfer(test.item(9, 100));
  CHECK(test.peer->hear<Accepted>().ranges == std::vector<Range>{{9, 9}});
  test.peer->say(Offer{1, 10, {{8, MessageId::make(test.world.clock), 5}}});
  CHECK(test.peer->hear<Have>().sequences == std::vector<int64_t>{8});
  CHECK(test.store.batches == 0);
  test.transfer(test.item(10, 100));
  CHECK(test.peer->hear<Accepted>().ranges == std::vector<Range>{{10, 10}});
  CHECK(test.store.batches == 1);
}

TEST_CASE("a transfer of an earlier epoch is not taken, and its credit comes back") {
  WithMta test;
  Hello next = WithMta::hello(2);
  next.epoch = 2;
  test.peer->say(next);
  test.peer->hear<Welcome>();
  test.transfer(test.item(1, 100));
  CHECK(test.peer->hear<Credit>().octets > 100);
  CHECK(test.store.batches == 0);
}

TEST_CASE("a chunk that comes twice is written once") {
  WithMta test;
  const size_t size = 3 * chunk_size + 5;
  TransferItem head = test.item(1, size, true);
  const MessageId id = head.message.id;
  test.transfer(std::move(head));
  for (uint64_t offset = 0; offset < size; offset += chunk_size)
    for (int i = 0; i < 2; ++i) test.peer->say(chunk_of(1, size, offset));
  CHECK(test.peer->hear<Accepted>().ranges == std::vector<Range>{{1, 1}});
  CHECK(test.store.bodies.at(id) == body_text(0, size));
}

TEST_CASE("a body with a gap, too much, too little or a false end is answered Later, and can be sent again") {
  const size_t size = 2 * chunk_size;
  const auto first = chunk_of(1, size, 0), second = chunk_of(1, size, chunk_size);
  Chunk early_end = first, empty_end{1, chunk_size, true, ""}, no_end = second, too_long = second;
  early_end.last = true;
  no_end.last = false;
  too_long.octets += 'x';
  struct Row {
    std::string_view name;
    std::vector<Chunk> chunks;
  };
  for (const Row& row :
       {Row{"gap", {second}}, Row{"broken off", {first, empty_end}}, Row{"early end", {early_end}},
        Row{"no end", {first, no_end}}, Row{"too long", {first, too_long}}}) {
    CAPTURE(row.name);
    WithMta test;
    const TransferItem head = test.item(1, size, true);
    test.transfer(head);
    for (const Chunk& chunk : row.chunks) test.peer->say(chunk);
    CHECK(test.peer->hear<Later>().sequences == std::vector<int64_t>{1});
    test.transfer(head);
    test.peer->say(first);
    test.peer->say(second);
    CHECK(test.peer->hear<Accepted>().ranges == std::vector<Range>{{1, 1}});
    CHECK(test.store.bodies.at(head.message.id) == body_text(0, size));
  }
}

TEST_CASE("a Hello that comes twice changes nothing, a new session forgets half a body") {
  WithMta test;
  const size_t size = 2 * chunk_size;
  const TransferItem head = test.item(1, size, true);
  test.transfer(head);
  test.peer->say(chunk_of(1, size, 0));
  test.peer->say(WithMta::hello(1));
  test.peer->hear<Welcome>();
  test.peer->say(chunk_of(1, size, chunk_size));
  test.peer->hear<Accepted>();

  const TransferItem second = test.item(2, size, true);
  test.transfer(second);
  test.peer->say(chunk_of(2, size, 0));
  test.peer->say(WithMta::hello(2));
  CHECK(test.peer->hear<Welcome>().session == 2);
  test.peer->say(chunk_of(2, size, chunk_size));  // of the conversation before
  test.peer->hear<Credit>();
  test.transfer(second);
  test.peer->say(chunk_of(2, size, 0));
  test.peer->say(chunk_of(2, size, chunk_size));
  CHECK(test.peer->hear<Accepted>().ranges == std::vector<Range>{{2, 2}});
  CHECK(test.store.bodies.at(second.message.id) == body_text(0, size));
}

TEST_CASE("who is welcome and then talks nonsense has to begin again") {
  WithMta test;
  test.peer->say_frames({"garbage"});
  CHECK(test.peer->hear<Later>().say_hello);
  CHECK_FALSE(test.mta.link->state().up);
  test.peer->say(WithMta::hello(2));
  test.peer->hear<Welcome>();
  CHECK(test.mta.link->state().up);
}

TEST_CASE("a sender that goes on without credit has to begin again") {
  WithMta test;
  test.store.stuck = true;
  for (int64_t i = 0; i < 300; ++i) test.transfer(test.item(i + 1, 60'000));
  CHECK(test.peer->hear<Later>().say_hello);
  test.store.stuck = false;
}

TEST_CASE("a stranger's nonsense is survived, asked about rarely, and disturbs nobody") {
  WithMta test;
  Peer stranger(test.world, "submission", zmq::SocketKind::dealer);
  const Frames nonsense[] = {{"garbage"},
                             {"", ""},
                             {R"({"k":"surprise"})"},
                             encode(Credit{1}),
                             encode(Accepted{{{1, INT64_MAX}}}),
                             encode(Transfer{}),
                             encode(Chunk{1, 0, true, "x"}),
                             encode(Welcome{})};
  for (int64_t round = 1; round <= 20; ++round) {
    for (const Frames& frames : nonsense) stranger.say_frames(frames);
    test.transfer(test.item(round, 100));
    test.peer->hear<Accepted>();
  }
  const size_t asked = stranger.count<Later>(50);
  CHECK(asked > 0);
  CHECK(asked < 5);
  CHECK(test.mta.link->state().up);
}

TEST_CASE("mda does not deliver again what mta has an outcome for, nor what it is delivering") {
  World world;
  Peer peer(world, "delivery", zmq::SocketKind::router);
  LedgerStore store;
  Mda mda(world, store);
  mda.start();
  const Hello hello = peer.hear<Hello>();
  CHECK(hello.role == "mda");
  peer.say(Welcome{"mta-1", 1, 1, 10, version, hello.session});
  peer.hear<MailboxState>();
  const auto deliver = [&](int64_t row) {
    Deliver made{1, 0, {}};
    DeliverItem item;
    item.id = MessageId::make(world.clock);
    item.body = {2, std::make_shared<const std::string>("x\n"), ""};
    item.recipients.push_back({row, {"bob", "example.org"}, "", 0, {}, false});
    made.items.push_back(std::move(item));
    peer.say(made);
  };
  deliver(9);
  CHECK(peer.hear<Credit>().octets > 0);
  CHECK(store.batches == 0);
  deliver(10);
  deliver(10);
  CHECK(peer.hear<Outcome>().items.size() == 1);
  CHECK(store.batches == 1);
  peer.say(Offer{1, 11, {}});
  run_until(world.loop, [&] { return store.ledger.empty(); });
  deliver(10);
  CHECK(peer.hear<Credit>().octets > 0);
  CHECK(peer.count<Outcome>(50) == 0);
  CHECK(store.delivered[10] == 1);
}

TEST_CASE("a body that mta has no more is told as broken off, so that mda does not wait for it") {
  World world;
  QueueStore store;
  Queue queue(world, store);
  queue.start();
  Peer peer(world, "delivery", zmq::SocketKind::dealer);
  peer.say(Hello{"mda", "mda-1", 1});
  peer.hear<Welcome>();
  peer.say(Want{{99}});
  const Chunk chunk = peer.hear<Chunk>();
  CHECK(chunk.sequence == 99);
  CHECK(chunk.last);
  CHECK(chunk.octets.empty());
}

TEST_CASE("damage from mta makes mda begin again") {
  World world;
  Peer peer(world, "delivery", zmq::SocketKind::router);
  LedgerStore store;
  Mda mda(world, store);
  mda.start();
  const Hello hello = peer.hear<Hello>();
  peer.say(Welcome{"mta-1", 1, 1, 1, version, hello.session});
  peer.hear<MailboxState>();
  peer.say_frames({R"({"k":"surprise"})"});
  CHECK(peer.hear<Hello>().session == hello.session + 1);
  CHECK_FALSE(mda.link->state().up);
  // A Welcome of the Hello before does not count.
  peer.say(Welcome{"mta-1", 1, 1, 1, version, hello.session});
  CHECK(peer.count<MailboxState>(50) == 0);
  CHECK_FALSE(mda.link->state().up);
}
