#include "proto/link/handover.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace futar;
using namespace futar::proto;

namespace {

TransferItem item_of(int64_t sequence, size_t size = 100) {
  TransferItem item;
  item.sequence = sequence;
  item.message.header = "Subject: x\r\n\r\n";
  item.message.body = {size, nullptr, ""};
  if (size <= eager_limit) item.message.body.bytes = std::make_shared<const std::string>(size, 'x');
  return item;
}

std::vector<TransferItem> items_of(std::initializer_list<int64_t> sequences) {
  std::vector<TransferItem> items;
  for (const int64_t sequence : sequences) items.push_back(item_of(sequence));
  return items;
}

template <class Items>
std::vector<int64_t> sequences_of(const Items& items) {
  std::vector<int64_t> sequences;
  for (const auto& item : items) sequences.push_back(item.sequence);
  return sequences;
}

using Sequences = std::vector<int64_t>;

/// Welcomed, with nothing in the backlog.
Handover idle() {
  Handover handover;
  handover.begin(1);
  handover.loaded(*handover.next_load(), {});
  return handover;
}

}  // namespace

TEST_CASE("what msa just committed is transferred at once, as one batch a turn") {
  Handover handover = idle();
  for (int64_t key = 1; key <= 70; ++key) handover.offer(item_of(key));
  CHECK(handover.next_offers(0).empty());
  CHECK(handover.next_batch(0).size() == batch_messages);
  CHECK(handover.next_batch(0).size() == 70 - batch_messages);
  CHECK(handover.in_transfer() == 70);
}

TEST_CASE("a batch ends at 256 KiB") {
  Handover handover = idle();
  for (int64_t key = 1; key <= 6; ++key) handover.offer(item_of(key, 60'000));
  CHECK(sequences_of(handover.next_batch(0)) == Sequences{1, 2, 3, 4});
  CHECK(sequences_of(handover.next_batch(0)) == Sequences{5, 6});
}

TEST_CASE("the backlog of a start is offered first, because mta may hold some of it") {
  Handover handover;
  handover.begin(4);
  const auto load = handover.next_load();
  REQUIRE(load.has_value());
  CHECK(load->after == 3);
  CHECK_FALSE(handover.next_load().has_value());  // one load at a time
  handover.loaded(*load, items_of({4, 5, 6}));
  CHECK(sequences_of(handover.next_offers(0)) == Sequences{4, 5, 6});
  CHECK(handover.next_batch(0).empty());
  CHECK(handover.answered({{4, 4}}) == std::vector<Range>{{4, 4}});
  CHECK(handover.wanted({5, 6}).empty());
  CHECK(sequences_of(handover.next_batch(0)) == Sequences{5, 6});
}

TEST_CASE("after a lost link only what was sent before is offered; the rest of the backlog goes eagerly") {
  Handover handover = idle();
  handover.offer(item_of(1));
  handover.next_batch(0);
  handover.end();
  handover.offer(item_of(2));  // while the link is down
  handover.begin(1);
  handover.loaded(*handover.next_load(), items_of({1, 2}));
  CHECK(sequences_of(handover.next_offers(0)) == Sequences{1});
  CHECK(sequences_of(handover.next_batch(0)) == Sequences{2});
}

TEST_CASE("a large body is offered first and goes when it is wanted, once") {
  Handover handover = idle();
  handover.offer(item_of(1, eager_limit + 1));
  CHECK(handover.next_batch(0).empty());
  const auto offers = handover.next_offers(0);
  REQUIRE(offers.size() == 1);
  CHECK(offers.front().size == eager_limit + 1);
  CHECK(handover.wanted({1}).size() == 1);
  CHECK(handover.wanted({1}).empty());
  CHECK(handover.answered({{1, 1}}).size() == 1);
}

TEST_CASE("without credit nothing is sent, and what is offered meanwhile is loaded later, in order") {
  Handover handover = idle();
  handover.offer(item_of(1));
  handover.next_batch(0);
  handover.spent(credit_window);
  for (int64_t key = 2; key <= 5; ++key) handover.offer(item_of(key));
  CHECK(handover.next_batch(0).empty());
  CHECK_FALSE(handover.next_load().has_value());
  handover.credit(credit_window);
  handover.offer(item_of(6));  // not before 2
  CHECK(handover.next_batch(0).empty());
  const auto load = handover.next_load();
  REQUIRE(load.has_value());
  CHECK(load->after == 1);
  handover.loaded(*load, items_of({2, 3, 4, 5, 6}));
  CHECK(sequences_of(handover.next_batch(0)) == Sequences{2, 3, 4, 5, 6});
}

TEST_CASE("what is offered while a load runs is neither missed nor loaded again") {
  Handover handover;
  handover.begin(1);
  const auto load = handover.next_load();
  handover.offer(item_of(6));  // committed before the load looked
  handover.offer(item_of(7));  // after
  handover.loaded(*load, items_of({5, 6}));
  CHECK_FALSE(handover.next_load().has_value());
  handover.offer(item_of(8));
  CHECK(sequences_of(handover.next_offers(0)) == Sequences{5});
  CHECK(sequences_of(handover.next_batch(0)) == Sequences{6, 7, 8});
}

TEST_CASE("what is offered while a load runs and has no room is found by the next load") {
  Handover handover;
  handover.begin(1);
  const auto load = handover.next_load();
  handover.spent(credit_window);
  handover.offer(item_of(7));
  handover.credit(credit_window);
  handover.offer(item_of(8));  // not before 7
  handover.loaded(*load, {});
  const auto next = handover.next_load();
  REQUIRE(next.has_value());
  CHECK(next->after == 0);
  handover.loaded(*next, items_of({7, 8}));
  CHECK(sequences_of(handover.next_batch(0)) == Sequences{7, 8});
  CHECK(handover.credit_left() == credit_window);
}

TEST_CASE("what a load brings of an earlier conversation is not taken") {
  Handover handover;
  handover.begin(1);
  const auto load = handover.next_load();
  handover.end();
  handover.begin(1);
  handover.loaded(*load, items_of({1}));
  CHECK(handover.next_offers(0).empty());
  handover.loaded(*handover.next_load(), items_of({1}));
  CHECK(handover.next_offers(0).size() == 1);
}

TEST_CASE("an answer that comes twice is committed once") {
  Handover handover = idle();
  for (int64_t key = 1; key <= 4; ++key) handover.offer(item_of(key));
  handover.next_batch(0);
  CHECK(handover.answered({{1, 2}, {4, 4}}) == std::vector<Range>{{1, 2}, {4, 4}});
  CHECK(handover.answered({{1, 4}}) == std::vector<Range>{{3, 3}});
  CHECK(handover.answered({{1, INT64_MAX}}).empty());
}

TEST_CASE("a load that looked before our commit does not bring back what mta has") {
  Handover handover = idle();
  handover.offer(item_of(1));
  handover.next_batch(0);
  handover.end();
  handover.begin(1);
  const auto load = handover.next_load();
  handover.loaded(*load, items_of({1}));
  handover.next_offers(0);
  handover.offer(item_of(2));  // direct
  handover.spent(credit_window);
  handover.offer(item_of(3));  // backlog
  handover.credit(credit_window);
  const auto second = handover.next_load();
  REQUIRE(second.has_value());
  const auto done = handover.answered({{1, 1}});
  handover.committed(done);
  handover.refused({2}, 0);
  handover.loaded(*second, items_of({3}));
  // Refused 2 is found again from 2 on; 1 was committed, even if a slow reader still showed it.
  CHECK(handover.wake(60'000));
  const auto third = handover.next_load();
  REQUIRE(third.has_value());
  CHECK(third->after == 1);
}

TEST_CASE("a credit that comes twice does not open the window wider than it is") {
  Handover handover = idle();
  handover.spent(1000);
  handover.credit(1000);
  handover.credit(1000);
  CHECK(handover.credit_left() == credit_window);
}

TEST_CASE("what is refused is tried again after a pause that grows while nothing is accepted") {
  Handover handover = idle();
  int64_t now = 0;
  int64_t last_pause = 0;
  handover.offer(item_of(1));
  REQUIRE(handover.next_batch(now).size() == 1);
  for (int round = 0; round < 8; ++round) {
    handover.refused({1}, now);
    int64_t pause = 0;
    while (!handover.wake(now + pause)) pause += 500;
    CHECK(pause >= last_pause);
    CHECK(pause <= 30'000);
    last_pause = pause;
    now += pause;
    handover.loaded(*handover.next_load(), items_of({1}));
    REQUIRE(handover.next_offers(now).size() == 1);
  }
  CHECK(last_pause == 30'000);
}

TEST_CASE("while mta refuses everything, new mail waits in the database; one refused message stops nobody") {
  Handover handover = idle();
  handover.offer(item_of(1));
  handover.next_batch(0);
  handover.refused({1}, 0);
  handover.offer(item_of(2));
  CHECK(handover.next_batch(0).size() == 1);  // one refusal

  int64_t now = 0;
  for (int round = 0; round < 3; ++round) {
    while (!handover.wake(now)) now += 500;
    handover.loaded(*handover.next_load(), items_of({1}));
    handover.next_offers(now);
    handover.refused({1}, now);
  }
  handover.offer(item_of(3));
  CHECK(handover.next_batch(now).empty());  // a row of refusals
}

TEST_CASE("what has no answer for too long is seen") {
  Handover handover = idle();
  handover.offer(item_of(1));
  CHECK_FALSE(handover.is_unanswered_since(1000));
  handover.next_batch(500);
  CHECK_FALSE(handover.is_unanswered_since(499));
  CHECK(handover.is_unanswered_since(500));
  handover.answered({{1, 1}});
  CHECK_FALSE(handover.is_unanswered_since(1000));
}

TEST_CASE("memory stays bounded however much is offered") {
  Handover handover = idle();
  uint64_t in_hand = 0;
  for (int64_t key = 1; key <= 10'000; ++key) handover.offer(item_of(key, 60'000));
  for (auto batch = handover.next_batch(0); !batch.empty(); batch = handover.next_batch(0)) {
    for (const TransferItem& item : batch) in_hand += cost(item);
    handover.spent(0);
  }
  CHECK(in_hand <= credit_window + 64 * 1024);
}

// A database, a peer and a link that break at random; what must hold: each message is committed as handed
// over only after the peer took it, none is missed, and the peer never gets one twice in a conversation.
TEST_CASE("a thousand random histories lose nothing") {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
    Handover handover;
    std::map<int64_t, size_t> spooled;  // key -> size
    std::set<int64_t> held, handed_over, sent_now;
    std::vector<std::pair<Handover::Load, std::vector<TransferItem>>> loads;
    std::vector<Range> committing;
    int64_t next_key = 1, now = 0;
    bool up = false;

    const auto receive = [&](int64_t key) {
      CHECK_MESSAGE(sent_now.insert(key).second, "sent twice in a conversation: ", key, " seed ", seed);
      if (chance(90)) held.insert(key);
      if (held.contains(key) && chance(90))
        for (const Range& range : handover.answered({{key, key}})) committing.push_back(range);
      else if (chance(50)) {
        handover.refused({key}, now);
        sent_now.erase(key);
      }
    };
    const auto step = [&](bool calm) {
      now += 300;
      if (!calm && chance(30)) {
        const int64_t key = next_key++;
        spooled[key] = chance(10) ? eager_limit + 1 : 100;
        handover.offer(item_of(key, spooled[key]));
      }
      if (!up && (calm || chance(30))) {
        up = true;
        sent_now.clear();
        handover.begin(spooled.empty() ? next_key : spooled.begin()->first);
      } else if (!calm && chance(3)) {
        up = false;
        handover.end();
      }
      handover.wake(now);
      if (auto load = handover.next_load()) {
        std::vector<TransferItem> items;
        for (auto at = spooled.upper_bound(load->after); at != spooled.end() && items.size() < load->limit;
             ++at)
          items.push_back(item_of(at->first, at->second));
        loads.emplace_back(*load, std::move(items));
      }
      if (!loads.empty() && (calm || chance(50))) {
        handover.loaded(loads.front().first, std::move(loads.front().second), !calm && chance(5));
        loads.clear();
      }
      if (!committing.empty() && (calm || chance(30))) {
        for (const Range& range : committing)
          for (int64_t key = range.first; key <= range.last; ++key) {
            CHECK(held.contains(key));
            CHECK_MESSAGE(handed_over.insert(key).second, "committed twice: ", key, " seed ", seed);
            spooled.erase(key);
          }
        handover.committed(std::exchange(committing, {}));
      }
      if (!up) return;
      Sequences want;
      for (const OfferItem& offer : handover.next_offers(now)) {
        if (held.contains(offer.sequence)) {
          for (const Range& range : handover.answered({{offer.sequence, offer.sequence}}))
            committing.push_back(range);
        } else {
          want.push_back(offer.sequence);
        }
      }
      for (const Handover::Wanted& large : handover.wanted(want)) {
        handover.touch(large.sequence, now);  // its stream begins
        receive(large.sequence);
      }
      for (const TransferItem& item : handover.next_batch(now)) receive(item.sequence);
      if (handover.is_unanswered_since(now - 3000)) {
        up = false;
        handover.end();
      }
    };
    for (int i = 0; i < 200; ++i) step(false);
    for (int i = 0; i < 2000 && !spooled.empty(); ++i) step(true);
    CHECK_MESSAGE(spooled.empty(), "lost in seed ", seed);
    CHECK(handed_over.size() == static_cast<size_t>(next_key - 1));
  }
}
