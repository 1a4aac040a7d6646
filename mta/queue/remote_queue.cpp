#include "mta/queue/remote_queue.h"

#include <algorithm>

#include "common/base/point.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "common/store/ask.h"
#include "mta/queue/destination_store.h"
#include "mta/queue/signed_store.h"

namespace futar::mta {

using store::Database;

namespace {

constexpr size_t step = 200;  ///< recipients in one transaction

/// The alias that a recipient was expanded from sends its message on.
std::string forwarder_of(const Recipient& recipient) {
  if (recipient.depth == 0) return {};
  const auto above = split(recipient.ancestry, '\n');
  const auto address = smtp::parse_address(above.back());
  return address ? address->domain : std::string();
}

RemoteItem item_of(const spool::Message& message, const Recipient& recipient, std::string forwarder) {
  return {message.id,
          message.envelope.reverse_path,
          message.envelope.parameters,
          std::move(forwarder),
          recipient.prefix,
          message.header,
          message.body,
          {},
          {}};
}

/// Messages that were read for one batch, so that the recipients of one travel together.
struct Batch {
  struct One {
    int64_t message;
    RemoteItem item;
  };
  std::vector<One> all;
  uint64_t octets = 0;

  One* find(const Recipient& r, std::string_view forwarder) {
    const auto at = std::ranges::find_if(all, [&](const One& one) {
      return one.message == r.message && one.item.prefix == r.prefix && one.item.forwarder == forwarder;
    });
    return at == all.end() ? nullptr : &*at;
  }
};

Result<void> take_batch(Database& database, Conclusions& all, Batch& batch, int64_t destination,
                        int64_t now_ms, size_t recipients, uint64_t octets) {
  for (Recipient& r : TRY(load_due_at(database, destination, now_ms, recipients))) {
    std::string forwarder = forwarder_of(r);
    Batch::One* one = batch.find(r, forwarder);
    if (!one) {
      if (batch.octets >= octets) break;
      const auto message = TRY(load_or_set_aside(database, all, r));
      if (!message) continue;
      batch.all.push_back({r.message, item_of(*message, r, std::move(forwarder))});
      one = &batch.all.back();
      if (!one->item.forwarder.empty()) one->item.seal = TRY(load_seal(database, r.message));
      batch.octets += one->item.in_memory();
    }
    TRY(set_state(database, r, State::in_flight, By::attempt, r.due_ms, r.attempts, false, r.reason,
                  r.status));
    // What a person has done since the last attempt stands as its reason (operator_store.cpp).
    const bool by_person = r.status.empty() && r.reason.starts_with("by ");
    one->item.recipients.push_back({r.row, r.target, r.parameters, r.attempts == 0, by_person});
  }
  return {};
}

/// `damage`: why it could not be stored as it is.
Result<void> conclude_one(Database& database, Conclusions& all, Recipient recipient,
                          const RemoteOutcome& outcome, const RetryRules& rules,
                          const Error* damage = nullptr) {
  if (recipient.state == State::waiting)
    recipient.state = State::in_flight;  // its turn had come with the others
  if (damage) {
    TRY(set_answer(database, recipient.row, outcome.host, outcome.words, all.now_ms));
    return set_aside(database, all, recipient, By::attempt, *damage,
                     judge(outcome, recipient, rules, all.moment({})));
  }
  if (outcome.state == RemoteOutcome::State::untried) {
    TRY(set_state(database, recipient, State::waiting, By::attempt, recipient.due_ms, recipient.attempts,
                  false, recipient.reason, recipient.status));
    recipient.state = State::waiting;
    return recipient.wish == Wish::none ? Result<void>{} : grant_wish(database, all, std::move(recipient));
  }
  const Facts facts = TRY(load_facts(database, recipient));
  Change change = judge(outcome, recipient, rules, all.moment(facts));
  all.doubtful += outcome.doubtful;
  TRY(set_answer(database, recipient.row, outcome.host, outcome.words, all.now_ms));
  return conclude(database, all, recipient, facts, std::move(change));
}

}  // namespace

Task<std::vector<Destination>> RemoteQueue::due(size_t limit) {
  const int64_t now = queue_.clock().wall_ms();
  auto due = co_await store::ask<std::vector<Destination>>(
      reader_, [=](Database& database) { return load_due_destinations(database, now, limit); });
  if (!due) log::warning("the destinations that are due could not be read: {}", due.error().text);
  co_return due ? std::move(*due) : std::vector<Destination>();
}

Task<std::vector<RemoteItem>> RemoteQueue::take(int64_t destination, size_t recipients, uint64_t octets) {
  auto batch = std::make_shared<Batch>();
  const int64_t now = queue_.clock().wall_ms();
  const Result<void> taken = co_await queue_.commit([=](Database& database, Conclusions& all) {
    *batch = {};
    return take_batch(database, all, *batch, destination, now, recipients, octets);
  });
  std::vector<RemoteItem> items;
  if (!taken) {
    log::warning("mail for other servers could not be read: {}", taken.error().text);
    co_return items;
  }
  for (Batch::One& one : batch->all) {
    if (sealer_ && !one.item.forwarder.empty() && one.item.seal.empty()) co_await seal(one.message, one.item);
    items.push_back(std::move(one.item));
  }
  co_return items;
}

// Before the first attempt; two destinations may come at the same time, then the first seal counts. Mail goes
// out without when it cannot be sealed now.
Task<> RemoteQueue::seal(int64_t message, RemoteItem& item) {
  const auto made = co_await sealer_->seal(item.header, item.body, item.forwarder);
  if (!made) log::warning("{} could not be sealed: {}", item.id.text(), made.error().text);
  if (!made || !*made) co_return;
  auto seal = std::make_shared<std::string>();
  const auto stored =
      co_await queue_.commit([=, by = **made](Database& database, Conclusions& all) -> Result<void> {
        *seal = TRY(load_seal(database, message));
        if (!seal->empty()) return {};
        *seal = by.fields;
        all.events[message].push_back(by.event);
        return set_seal(database, message, by.fields, by.by);
      });
  if (stored) item.seal = std::move(*seal);
}

// What has happened out there has happened: a full disk only delays its record.
Task<Result<void>> RemoteQueue::commit(Queue::Work work) {
  for (int64_t wait_ms = 100; !stopping_; wait_ms = std::min<int64_t>(wait_ms * 2, 5000)) {
    Result<void> committed = co_await queue_.commit(work);
    if (committed) co_return committed;
    log::error("what other servers answered could not be stored: {}", committed.error().text);
    if (committed.error().kind == Error::Kind::permanent) co_return committed;
    co_await loop_.sleep(wait_ms);
  }
  co_return fail(Error::temporary("mta stops"));
}

Task<> RemoteQueue::conclude(std::vector<RemoteOutcome> outcomes) {
  point("mta.before_remote_outcome");
  co_await store_outcomes(std::move(outcomes), State::in_flight, std::nullopt);
  point("mta.after_remote_outcome");
}

// A damaged row fails its batch: then each is stored by itself, and the damaged one set aside.
Task<> RemoteQueue::store_outcomes(std::vector<RemoteOutcome> outcomes, State from,
                                   std::optional<Error> damage) {
  const auto work = [outcomes, from, damage, rules = queue_.options().retry](
                        Database& database, Conclusions& all) -> Result<void> {
    for (const RemoteOutcome& outcome : outcomes) {
      auto recipient = TRY(load_recipient(database, outcome.row));
      if (recipient && recipient->state == from)
        TRY(conclude_one(database, all, std::move(*recipient), outcome, rules, damage ? &*damage : nullptr));
      else
        ++all.ignored;
    }
    return {};
  };
  const Result<void> stored = co_await commit(work);
  if (stored || stored.error().kind != Error::Kind::permanent) co_return;
  if (outcomes.size() > 1)
    for (RemoteOutcome& outcome : outcomes) co_await store_outcomes({std::move(outcome)}, from, std::nullopt);
  else if (!damage)
    co_await store_outcomes(std::move(outcomes), from, stored.error());
}

Task<> RemoteQueue::conclude_all(Destination destination, RemoteOutcome outcome) {
  const int64_t now = queue_.clock().wall_ms();
  co_await save(destination);
  for (size_t count = step; count == step && !stopping_;) {
    const auto due = co_await store::ask<std::vector<Recipient>>(
        reader_, [=](Database& database) { return load_due_at(database, destination.key, now, step); });
    count = due ? due->size() : 0;
    std::vector<RemoteOutcome> outcomes(count, outcome);
    for (size_t i = 0; i < count; ++i) outcomes[i].row = (*due)[i].row;
    co_await store_outcomes(std::move(outcomes), State::waiting, std::nullopt);
  }
}

Task<> RemoteQueue::save(Destination destination) {
  const int64_t now = queue_.clock().wall_ms();
  (void)co_await commit(
      [=](Database& database, Conclusions&) { return save_destination(database, destination, now); });
}

Task<> RemoteQueue::note(int64_t row, event::Event event) {
  (void)co_await commit([=](Database& database, Conclusions& all) -> Result<void> {
    if (const auto recipient = TRY(load_recipient(database, row)))
      all.events[recipient->message].push_back(event);
    return {};
  });
}

Task<> RemoteQueue::hold_all(std::string reason) {
  const int64_t now = queue_.clock().wall_ms();
  for (const Destination& destination : co_await due(step))
    (void)co_await commit([=](Database& database, Conclusions& all) -> Result<void> {
      for (const Recipient& r : TRY(load_due_at(database, destination.key, now, step))) {
        TRY(set_state(database, r, State::held, By::rule, 0, r.attempts, false, reason, "4.7.0"));
        all.events[r.message].push_back(event::Event(all.now_ms, event::Kind::held)
                                            .with(event::Field::recipient, r.address.text())
                                            .with(event::Field::cause, reason));
      }
      return {};
    });
}

}  // namespace futar::mta
