// The durable state of msa, mta and mda in memory, and the ends of the links over it, which a test kills and
// starts again as it likes. What counts is counted here: how often each message was taken, each recipient
// delivered.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "common/net/workers.h"
#include "common/spool/body.h"
#include "proto/link/link.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"

namespace futar::proto {

inline std::string body_text(int64_t key, size_t size) {
  std::string text(size, 'x');
  for (size_t i = 0; i < size; i += 1000)
    text.replace(
        i, std::min<size_t>(8, size - i),
        fmt::format("{:08}", key + static_cast<int64_t>(i)).substr(0, std::min<size_t>(8, size - i)));
  return text;
}

/// Reads a whole body from memory or from its folder.
inline std::string whole(const spool::Folder& folder, const spool::Body& body) {
  std::string text;
  while (text.size() < body.size) {
    auto piece = folder.read(body, text.size(), 1 << 20);
    if (!piece || piece->empty()) return "unreadable";
    text += *piece;
  }
  return text;
}

/// What all ends share: loop, folder, chance.
struct World {
  TempFolder folder;
  net::Loop loop;
  net::Workers workers{loop, 2, "test"};
  std::mt19937 random{42};
  FakeClock clock;
  int64_t next_start_ms = 1'000'000;
  std::string place;  ///< of the state folder of who starts next; "" as the release before says

  bool chance(int percent) { return static_cast<int>(random() % 100) < percent; }
  LinkOptions options(const std::string& name, const std::string& instance) {
    LinkOptions made;
    made.endpoint = "ipc://" + (folder / name);
    made.instance = instance;
    made.started_ms = ++next_start_ms;
    made.folder = place;
    return made;
  }
  std::unique_ptr<spool::Folder> open_folder(const std::string& name) {
    return std::move(*spool::Folder::open(folder / name, loop, workers));
  }
  /// Ends what was begun by ends that are gone: their coroutines still hold them.
  void settle(int64_t ms = 20) {
    run_until(loop, [] { return false; }, ms);
  }
  ~World() { settle(5); }
};

/// Marks sequences as being taken; counts those that already were.
class Overlap {
 public:
  Overlap(std::multiset<int64_t>& taking, size_t& overlaps, const auto& items, auto sequence_of)
      : taking_(taking) {
    for (const auto& item : items) {
      mine_.push_back(sequence_of(item));
      overlaps += taking_.contains(mine_.back());
      taking_.insert(mine_.back());
    }
  }
  ~Overlap() {
    for (const int64_t sequence : mine_) taking_.erase(taking_.find(sequence));
  }
  Overlap(const Overlap&) = delete;
  Overlap& operator=(const Overlap&) = delete;

 private:
  std::multiset<int64_t>& taking_;
  std::vector<int64_t> mine_;
};

// ---- submission

struct MsaStore {
  std::map<int64_t, std::pair<MessageId, size_t>> spooled;  // key -> id, size
  std::set<int64_t> handed_over;
  int64_t next_key = 1, epoch = 1;
  std::string instance = "msa-1";
  size_t loads = 0, loaded_items = 0;
};

struct MtaStore {
  std::map<std::tuple<std::string, int64_t, int64_t>, MessageId> seen;
  std::set<MessageId> known;  // until the sender has confirmed
  std::map<MessageId, int> taken;
  std::map<MessageId, std::string> bodies;  // large ones, as they arrived
  std::map<std::string, int64_t> confirmed_below;
  size_t batches = 0, offers = 0;
  size_t overlaps = 0;  ///< a sequence given to take() while another take() had it
  int refuse_percent = 0;
  bool stuck = false;  // take() does not return
  int64_t take_ms = 1;
};

/// msa's end with its store; `link` is what dies.
struct Msa {
  World& world;
  MsaStore& store;
  std::unique_ptr<spool::Folder> folder;
  std::unique_ptr<zmq::Context> context;
  std::unique_ptr<SubmissionSender> link;

  Msa(World& w, MsaStore& s) : world(w), store(s), folder(w.open_folder("msa-" + s.instance)) {}
  ~Msa() {
    kill();
    world.settle();
  }

  TransferItem item(int64_t key) const {
    const auto& [id, size] = store.spooled.at(key);
    TransferItem made;
    made.sequence = key;
    made.message.id = id;
    made.message.envelope.reverse_path = {"alice", "example.org"};
    made.message.envelope.recipients.push_back({{"bob", "example.net"}, {}});
    made.message.header = fmt::format("Subject: {}\r\n\r\n", key);
    made.message.body = {size, nullptr, size > eager_limit ? "file" : ""};
    if (size <= eager_limit)
      made.message.body.bytes = std::make_shared<const std::string>(body_text(key, size));
    return made;
  }

  int64_t accept(size_t size) {
    const int64_t key = store.next_key++;
    store.spooled[key] = {MessageId::make(world.clock), size};
    if (link) link->offer(item(key));
    return key;
  }

  void start(const std::string& endpoint = "submission", int64_t answer_ms = 120'000,
             std::optional<zmq::CurveKeys> curve = {}) {
    LinkOptions options = world.options(endpoint, store.instance);
    if (endpoint.starts_with("tcp")) options.endpoint = endpoint;
    options.answer_ms = answer_ms;
    options.curve = std::move(curve);
    context = std::make_unique<zmq::Context>(world.loop);
    link = std::make_unique<SubmissionSender>(world.loop, *context, std::move(options), source());
    const auto started = link->start();
    if (!started) throw std::runtime_error(started.error().text);
  }
  void kill() {
    link.reset();
    context.reset();
  }
  bool is_done() const { return store.spooled.empty(); }

 private:
  SubmissionSource source() {
    SubmissionSource made;
    made.epoch = store.epoch;
    made.confirmed_below = [this] {
      return store.spooled.empty() ? store.next_key : store.spooled.begin()->first;
    };
    made.new_epoch = [this]() -> Task<Result<int64_t>> { co_return ++store.epoch; };
    made.load = [this](int64_t after, size_t limit) { return load(this, after, limit); };
    made.read = [this](const spool::Body& body, uint64_t offset, size_t limit) {
      return read(this, body, offset, limit);
    };
    made.handed_over = [this](std::vector<Range> ranges) { return commit(this, std::move(ranges)); };
    return made;
  }
  static Task<Result<std::vector<TransferItem>>> load(Msa* self, int64_t after, size_t limit) {
    ++self->store.loads;
    std::vector<TransferItem> items;
    for (auto at = self->store.spooled.upper_bound(after);
         at != self->store.spooled.end() && items.size() < limit; ++at)
      items.push_back(self->item(at->first));
    self->store.loaded_items += items.size();
    co_await self->world.loop.sleep(1);
    co_return items;
  }
  // The test's bodies are not stored: a large one is told by its size.
  static Task<Result<std::string>> read(Msa* self, spool::Body body, uint64_t offset, size_t limit) {
    if (self->world.chance(20)) co_await self->world.loop.sleep(1);
    co_return body_text(0, body.size).substr(offset, limit);
  }
  static Task<Result<void>> commit(Msa* self, std::vector<Range> ranges) {
    MsaStore& store = self->store;
    co_await self->world.loop.sleep(1);
    for (const Range& range : ranges)
      for (int64_t key = range.first; key <= range.last; ++key) {
        store.handed_over.insert(key);
        store.spooled.erase(key);
      }
    co_return Result<void>();
  }
};

struct Mta {
  World& world;
  MtaStore& store;
  std::string instance = "mta-1";
  std::unique_ptr<spool::Folder> folder;
  std::unique_ptr<zmq::Context> context;
  std::unique_ptr<SubmissionReceiver> link;

  Mta(World& w, MtaStore& s) : world(w), store(s), folder(w.open_folder("mta")) {}
  ~Mta() {
    kill();
    store.stuck = false;
    world.settle(store.take_ms + 20);
  }

  void start(const std::string& endpoint = "submission", std::optional<zmq::CurveKeys> curve = {}) {
    LinkOptions options = world.options(endpoint, instance);
    if (endpoint.starts_with("tcp")) options.endpoint = endpoint;
    options.curve = std::move(curve);
    context = std::make_unique<zmq::Context>(world.loop);
    link = std::make_unique<SubmissionReceiver>(world.loop, *context, std::move(options), sink());
    const auto started = link->start();
    if (!started) throw std::runtime_error(started.error().text);
  }
  void kill() {
    link.reset();
    context.reset();
    taking = std::make_shared<std::map<std::string, std::multiset<int64_t>>>();
  }

 private:
  std::shared_ptr<std::map<std::string, std::multiset<int64_t>>> taking =
      std::make_shared<std::map<std::string, std::multiset<int64_t>>>();
  using Known = SubmissionSink::Known;
  SubmissionSink sink() {
    SubmissionSink made;
    made.known = [this](std::string peer, Offer offer) {
      return known(this, std::move(peer), std::move(offer));
    };
    made.take = [this](std::string peer, Transfer transfer) {
      return take(this, std::move(peer), std::move(transfer));
    };
    made.begin_body = [this](const MessageId& id) { return folder->begin(id.text()); };
    made.confirmed = [this](std::string peer, int64_t epoch, int64_t below) {
      store.confirmed_below[peer] = below;
      const auto first = store.seen.lower_bound({peer, epoch, 0}),
                 last = store.seen.lower_bound({peer, epoch, below});
      // The real queue keeps them as history: a repeat that is being taken still finds what was seen.
      const auto& busy = (*taking)[peer];
      for (auto at = first; at != last;) {
        if (busy.contains(std::get<2>(at->first))) {
          ++at;
          continue;
        }
        store.known.erase(at->second);
        at = store.seen.erase(at);
      }
    };
    return made;
  }
  Known known_of(const std::string& peer, int64_t epoch, int64_t sequence, const MessageId& id) const {
    const auto found = store.seen.find({peer, epoch, sequence});
    if (found != store.seen.end()) return found->second == id ? Known::have : Known::other_id;
    return store.known.contains(id) ? Known::have : Known::want;
  }
  static Task<Result<std::vector<Known>>> known(Mta* self, std::string peer, Offer offer) {
    ++self->store.offers;
    co_await self->world.loop.sleep(1);
    std::vector<Known> answers;
    for (const OfferItem& item : offer.items)
      answers.push_back(self->known_of(peer, offer.epoch, item.sequence, item.id));
    co_return answers;
  }
  static Task<Result<std::vector<Known>>> take(Mta* self, std::string peer, Transfer transfer) {
    MtaStore& store = self->store;
    ++store.batches;
    const auto taking = self->taking;
    const Overlap guard((*taking)[peer], store.overlaps, transfer.items,
                        [](const TransferItem& item) { return item.sequence; });
    co_await self->world.loop.sleep(store.take_ms + static_cast<int64_t>(self->world.random() % 3));
    while (store.stuck) co_await self->world.loop.sleep(5);
    if (self->world.chance(store.refuse_percent)) co_return fail(Error::temporary("disk full"));
    std::vector<Known> answers;
    for (const TransferItem& item : transfer.items) {
      const MessageId& id = item.message.id;
      const Known known = self->known_of(peer, transfer.epoch, item.sequence, id);
      answers.push_back(known == Known::want ? Known::taken : known);
      if (known == Known::other_id) continue;
      store.seen[{peer, transfer.epoch, item.sequence}] = id;
      if (known == Known::have) continue;
      store.known.insert(id);
      ++store.taken[id];
      if (item.message.body.is_file()) store.bodies[id] = whole(*self->folder, item.message.body);
    }
    co_return answers;
  }
};

}  // namespace futar::proto
