// The durable state of mta's queue and mda's ledger in memory, and the ends of the delivery link over it.
#pragma once
#include "tests/proto/link/ends.h"

namespace futar::proto {

struct QueueStore {
  enum class State { waiting, in_flight, done };
  struct Row {
    MessageId id;
    size_t size = 0;
    State state = State::waiting;
  };
  std::map<int64_t, Row> rows;
  int64_t next_row = 1;
  size_t downs = 0, resumed = 0, laters = 0;
  std::map<std::string, bool> mailboxes;
};

struct LedgerStore {
  std::map<int64_t, OutcomeItem> ledger;
  std::map<int64_t, int> delivered;
  std::map<int64_t, std::string> bodies;  // of large ones
  size_t batches = 0, overlaps = 0;
  int later_percent = 0;
  int64_t take_ms = 1;
  bool stuck = false;
};

/// mta's end: a queue of rows, each a message with one recipient.
struct Queue {
  World& world;
  QueueStore& store;
  std::unique_ptr<zmq::Context> context;
  std::unique_ptr<DeliverySender> link;

  Queue(World& w, QueueStore& s) : world(w), store(s) {}
  ~Queue() {
    kill();
    world.settle();
  }

  void start(int64_t answer_ms = 120'000) {
    for (auto& [row, each] : store.rows)
      if (each.state == QueueStore::State::in_flight) each.state = QueueStore::State::waiting;
    LinkOptions options = world.options("delivery", "mta-1");
    options.answer_ms = answer_ms;
    context = std::make_unique<zmq::Context>(world.loop);
    link = std::make_unique<DeliverySender>(world.loop, *context, std::move(options), source());
    if (auto started = link->start(); !started) throw std::runtime_error(started.error().text);
  }
  void kill() {
    link.reset();
    context.reset();
  }
  int64_t add(size_t size, std::optional<MessageId> id = {}) {
    const int64_t row = store.next_row++;
    store.rows[row] = {id ? *id : MessageId::make(world.clock), size, QueueStore::State::waiting};
    pump();
    return row;
  }
  size_t open() const {
    return static_cast<size_t>(std::ranges::count_if(
        store.rows, [](const auto& each) { return each.second.state != QueueStore::State::done; }));
  }
  void pump() {
    for (auto at = store.rows.lower_bound(confirmed_below()); at != store.rows.end(); ++at) {
      if (!link || !link->ready()) return;
      if (at->second.state != QueueStore::State::waiting) continue;
      at->second.state = QueueStore::State::in_flight;
      link->send(item(at->first, at->second));
    }
  }

 private:
  int64_t confirmed_below() const {
    for (const auto& [row, each] : store.rows)
      if (each.state != QueueStore::State::done) return row;
    return store.next_row;
  }
  static DeliverItem item(int64_t row, const QueueStore::Row& each) {
    DeliverItem made;
    made.id = each.id;
    made.header = "Subject: x\r\n\r\n";
    made.body = {each.size, nullptr, each.size > eager_limit ? "file" : ""};
    if (each.size <= eager_limit)
      made.body.bytes = std::make_shared<const std::string>(body_text(row, each.size));
    made.recipients.push_back({row, {"bob", "example.org"}, "", 0, {}, false});
    return made;
  }
  DeliverySource source() {
    DeliverySource made;
    made.up = [this] { pump(); };
    made.ready = [this] { pump(); };
    made.down = [this] {
      ++store.downs;
      for (auto& [row, each] : store.rows)
        if (each.state == QueueStore::State::in_flight) each.state = QueueStore::State::waiting;
    };
    made.outcomes = [this](std::vector<OutcomeItem> items) {
      for (const OutcomeItem& item : items) {
        auto& row = store.rows.at(item.row);
        if (row.state == QueueStore::State::done) continue;
        store.resumed += item.resumed;
        store.laters += item.state == OutcomeState::later;
        row.state = item.state == OutcomeState::later ? QueueStore::State::waiting : QueueStore::State::done;
      }
      pump();
    };
    made.mailboxes = [this](MailboxState state) {
      if (state.complete) store.mailboxes.clear();
      for (const MailboxStateItem& each : state.items) store.mailboxes[each.account] = each.full;
    };
    made.read = [this](const spool::Body& body, uint64_t offset, size_t limit) {
      return read(this, body, offset, limit);
    };
    made.confirmed_below = [this] { return confirmed_below(); };
    return made;
  }
  static Task<Result<std::string>> read(Queue* self, spool::Body body, uint64_t offset, size_t limit) {
    if (self->world.chance(20)) co_await self->world.loop.sleep(1);
    co_return body_text(0, body.size).substr(offset, limit);
  }
};

struct Mda {
  World& world;
  LedgerStore& store;
  std::string instance = "mda-1";
  std::unique_ptr<spool::Folder> folder;
  std::unique_ptr<zmq::Context> context;
  std::unique_ptr<DeliveryReceiver> link;

  Mda(World& w, LedgerStore& s) : world(w), store(s), folder(w.open_folder("mda")) {}
  ~Mda() {
    kill();
    store.stuck = false;
    world.settle(store.take_ms + 20);
  }

  void start(const std::string& endpoint = "delivery") {
    context = std::make_unique<zmq::Context>(world.loop);
    link =
        std::make_unique<DeliveryReceiver>(world.loop, *context, world.options(endpoint, instance), sink());
    if (auto started = link->start(); !started) throw std::runtime_error(started.error().text);
  }
  void kill() {
    link.reset();
    context.reset();
    ++kills;
    taking = std::make_shared<std::multiset<int64_t>>();
  }

 private:
  size_t kills = 0;  // what take() had begun ends with its process
  std::shared_ptr<std::multiset<int64_t>> taking = std::make_shared<std::multiset<int64_t>>();

  DeliverySink sink() {
    DeliverySink made;
    made.take = [this](std::string, Deliver deliver) { return take(this, std::move(deliver)); };
    made.begin_body = [this](const MessageId& id) { return folder->begin(id.text()); };
    made.confirmed = [this](std::string, int64_t, int64_t below) {
      // The real ledger keeps them for days: a repeat that is being taken still finds its record.
      std::erase_if(store.ledger,
                    [&](const auto& one) { return one.first < below && !taking->contains(one.first); });
    };
    made.mailboxes = [] { return MailboxState{false, {{"bob@example.org", true}}}; };
    return made;
  }
  static Task<std::vector<OutcomeItem>> take(Mda* self, Deliver deliver) {
    LedgerStore& store = self->store;
    const size_t kills_before = self->kills;
    const auto taking = self->taking;
    ++store.batches;
    const Overlap guard(*taking, store.overlaps, deliver.items,
                        [](const DeliverItem& item) { return item.recipients.front().row; });
    co_await self->world.loop.sleep(store.take_ms + static_cast<int64_t>(self->world.random() % 3));
    while (store.stuck) co_await self->world.loop.sleep(5);
    std::vector<OutcomeItem> outcomes;
    if (self->kills != kills_before) co_return outcomes;
    for (const DeliverItem& item : deliver.items)
      for (const DeliverRecipient& recipient : item.recipients) {
        OutcomeItem outcome;
        outcome.row = recipient.row;
        if (const auto known = store.ledger.find(recipient.row); known != store.ledger.end()) {
          outcome = known->second;
          outcome.resumed = true;
        } else if (!self->world.chance(store.later_percent)) {
          outcome.state = OutcomeState::delivered;
          store.ledger[recipient.row] = outcome;
          ++store.delivered[recipient.row];
          if (item.body.is_file()) store.bodies[recipient.row] = whole(*self->folder, item.body);
        }
        outcomes.push_back(std::move(outcome));
      }
    co_return outcomes;
  }
};

}  // namespace futar::proto
