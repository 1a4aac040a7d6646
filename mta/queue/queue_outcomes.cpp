// What mda answers, made durable: the state of each recipient, children of aliases, the end of a message.
#include "common/base/point.h"
#include "common/log/log.h"
#include "mta/queue/queue.h"
#include "mta/queue/restored_store.h"

namespace futar::mta {

using proto::OutcomeItem;
using proto::OutcomeState;
using store::Database;

/// What mda answered about one recipient, with what was known when it was planned.
struct Queue::Answered {
  OutcomeItem item;
  std::shared_ptr<const Facts> facts;  ///< null: no such recipient, or its message is damaged
  std::vector<NewRecipient> children;  ///< planned on the io thread
};

void Queue::outcomes(std::vector<OutcomeItem> items) {
  loop_.spawn("queue: outcomes", apply(std::move(items)));
}

Task<> Queue::apply(std::vector<OutcomeItem> items) {
  auto batch = std::make_shared<std::vector<Answered>>();
  for (OutcomeItem& item : items) {
    const auto flight = flights_.find(item.row);
    batch->push_back({std::move(item), flight == flights_.end() ? nullptr : flight->second.facts, {}});
  }
  Result<void> stored = co_await recall(batch);
  if (stored) {
    for (Answered& one : *batch) plan_children(one);
    point("mta.before_outcome");
    stored = co_await store_outcomes(batch);
    point("mta.after_outcome");
  }
  for (const Answered& one : *batch) flights_.erase(one.item.row);
  // The rows stay in flight in the database and at mda's ledger: the next start, or the next link, asks
  // again.
  if (!stored)
    log::error("outcomes of {} recipients could not be stored: {}", batch->size(), stored.error().text);
  else
    pump();
}

// The answer to what was asked before a start, or before the link went, finds nothing in memory.
Task<Result<void>> Queue::recall(std::shared_ptr<std::vector<Answered>> batch) {
  if (std::ranges::all_of(*batch, [](const Answered& one) { return one.facts != nullptr; }))
    co_return Result<void>{};
  co_return co_await reader_.read([batch](Database& database) -> Result<void> {
    for (Answered& one : *batch) {
      const auto recipient = one.facts ? std::nullopt : TRY(load_recipient(database, one.item.row));
      if (!recipient) continue;
      auto facts = load_facts(database, *recipient);
      if (facts)
        one.facts = std::make_shared<const Facts>(*std::move(facts));
      else if (facts.error().kind != Error::Kind::permanent)
        return fail(facts.error());
    }
    return {};
  });
}

// Children wait in the database and are loaded at once: an alias is rarer than a mailbox.
void Queue::plan_children(Answered& one) const {
  if (!one.facts || one.item.state != OutcomeState::expanded) return;
  std::vector<message::Recipient> targets;
  for (const std::string& target : one.item.targets)
    if (auto address = smtp::parse_address(target)) targets.push_back({*std::move(address), {}});
  PlanInput input = plan_input(one.facts->reverse_path, "");
  input.slot_free = false;
  one.children = plan(input, targets);
}

// A damaged row fails its batch: then each is stored by itself, and the damaged one set aside.
Task<Result<void>> Queue::store_outcomes(std::shared_ptr<std::vector<Answered>> batch) {
  Result<void> stored = co_await commit([this, batch](Database& database, Conclusions& all) -> Result<void> {
    for (const Answered& one : *batch) TRY(apply_one(database, all, one, nullptr));
    return {};
  });
  if (stored || stored.error().kind != Error::Kind::permanent) co_return stored;
  for (const Answered& one : *batch) {
    stored = co_await commit(
        [this, one](Database& database, Conclusions& all) { return apply_one(database, all, one, nullptr); });
    if (!stored && stored.error().kind == Error::Kind::permanent)
      stored = co_await commit([this, one, why = stored.error()](Database& database, Conclusions& all) {
        return apply_one(database, all, one, &why);
      });
    if (!stored) co_return stored;
  }
  co_return Result<void>{};
}

Task<Result<void>> Queue::commit(Work work) {
  auto all = std::make_shared<Conclusions>();
  const Conclusions nothing = nothing_concluded();
  CO_TRY(co_await writer_.commit([=](Database& database) -> Result<void> {
    *all = nothing;
    TRY(work(database, *all));
    return write_conclusions(database, *all);
  }));
  settle(*all);
  co_return Result<void>{};
}

void Queue::settle(const Conclusions& all) {
  counts_.delivered += all.delivered;
  counts_.relayed += all.relayed;
  for (const int64_t ms : all.took_ms) counts_.delivery_times.observe_ms(ms);
  counts_.deferred += all.deferred;
  counts_.bounced += all.bounced;
  counts_.doubtful += all.doubtful;
  counts_.outcomes_ignored += all.ignored;
  counts_.rows_set_aside += all.aside.size();
  for (const std::string& row : all.aside) log::error("mta.db: set aside: {}", row);
  for (const auto& [message, id] : all.ids)
    if (const auto events = all.events.find(message); events != all.events.end())
      options_.logged(id, events->second);
  forget_files(all.files);
  if (all.dsn_due) dsn_gate_.open();
  if (!all.children_wait && all.deferred == 0) return;
  wake();
  remote_arrived_();
}

Result<void> Queue::apply_one(Database& database, Conclusions& all, const Answered& one,
                              const Error* damage) const {
  auto recipient = TRY(load_recipient(database, one.item.row));
  if (!recipient || !is_open(recipient->state) || recipient->state == State::held) {
    ++all.ignored;
    return {};
  }
  // The link went and came while mda worked: the row waits again, but the answer is as true as before.
  if (recipient->state == State::waiting && recipient->offered) recipient->state = State::in_flight;
  const auto judged = [&](const Facts& facts) {
    return judge(one.item, *recipient, options_.retry, all.moment(facts));
  };
  if (damage) return set_aside(database, all, *recipient, By::attempt, *damage, judged({}));
  const Facts facts = one.facts ? *one.facts : TRY(load_facts(database, *recipient));
  Change change = judged(facts);
  const bool expanded = change.state == State::expanded;
  TRY(conclude(database, all, *recipient, facts, std::move(change)));
  return expanded ? add_children(database, all, one.children, *recipient) : Result<void>{};
}

// A child carries its ancestry, by which mda cuts loops; a mailbox that the message already goes to gets no
// second copy.
Result<void> Queue::add_children(Database& database, Conclusions& all,
                                 const std::vector<NewRecipient>& planned, const Recipient& parent) const {
  const std::string restored = TRY(restored_reason_of(database, parent.message));
  for (NewRecipient child : planned) {
    child.parent = parent.row;
    child.depth = parent.depth + 1;
    child.ancestry =
        parent.ancestry.empty() ? parent.address.text() : parent.ancestry + "\n" + parent.address.text();
    if (planned.size() == 1) {
      child.parameters = parent.parameters;  // RFC 3461 §5.2.7.3
    } else {
      child.parameters.notify.bits =
          static_cast<uint8_t>(parent.parameters.notify.bits & ~smtp::Notify::success);
      if (parent.parameters.notify.bits == smtp::Notify::success)
        child.parameters.notify.bits = smtp::Notify::never;
      child.parameters.orcpt = parent.parameters.orcpt;
    }
    if (!child.mailbox.empty() && TRY(has_mailbox(database, parent.message, child.mailbox))) {
      child.state = State::duplicate;
      child.reason = "the message already goes there";
      all.events[parent.message].push_back(event::Event(all.now_ms, event::Kind::duplicate)
                                               .with(event::Field::recipient, child.address.text())
                                               .with(event::Field::of, child.mailbox));
    }
    const bool open = child.state == State::waiting;
    const bool to_mda = child.destination.empty();
    if (open && !restored.empty() && !to_mda) {
      child.state = State::held;
      child.reason = restored;
    }
    const int64_t row = TRY(insert_recipient(database, parent.message, child));
    if (open && !restored.empty() && to_mda) TRY(set_wish(database, row, Wish::hold, restored));
    all.children_wait = true;
  }
  return {};
}

}  // namespace futar::mta
