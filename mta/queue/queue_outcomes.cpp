// What mda answers, made durable: the state of each recipient, children of aliases, the end of a message.
#include "common/base/point.h"
#include "common/log/log.h"
#include "mta/queue/queue.h"

namespace futar::mta {

using proto::OutcomeItem;
using proto::OutcomeState;
using store::Database;

struct Queue::OutcomeBatch {
  std::vector<OutcomeItem> items;
  std::vector<std::shared_ptr<const Facts>> facts;  ///< null: not in flight as far as we remember
  std::vector<std::vector<NewRecipient>> children;  ///< planned on the io thread
  Conclusions conclusions;
};

void Queue::outcomes(std::vector<OutcomeItem> items) {
  loop_.spawn("queue: outcomes", apply(std::move(items)));
}

Task<> Queue::apply(std::vector<OutcomeItem> items) {
  auto batch = std::make_shared<OutcomeBatch>();
  const Conclusions nothing = nothing_concluded();
  for (const OutcomeItem& item : items) {
    const auto flight = flights_.find(item.row);
    batch->facts.push_back(flight == flights_.end() ? nullptr : flight->second.facts);
    std::vector<message::Recipient> targets;
    if (item.state == OutcomeState::expanded)
      for (const std::string& target : item.targets)
        if (auto address = smtp::parse_address(target)) targets.push_back({*std::move(address), {}});
    // Children wait in the database and are loaded at once: an alias is rarer than a mailbox.
    const auto& facts = batch->facts.back();
    PlanInput input = plan_input(facts ? facts->reverse_path : smtp::Address{}, "");
    input.slot_free = false;
    batch->children.push_back(plan(input, targets));
  }
  batch->items = std::move(items);
  point("mta.before_outcome");
  Result<void> committed =
      co_await writer_.commit([this, batch, nothing](Database& database) -> Result<void> {
        batch->conclusions = nothing;
        for (size_t i = 0; i < batch->items.size(); ++i) TRY(apply_one(database, *batch, i));
        return write_conclusions(database, batch->conclusions);
      });
  point("mta.after_outcome");
  for (const OutcomeItem& item : batch->items) flights_.erase(item.row);
  if (!committed) {
    // The rows stay in flight in the database and at mda's ledger: the next start, or the next link, asks
    // again.
    log::error("outcomes of {} recipients could not be stored: {}", batch->items.size(),
               committed.error().text);
    co_return;
  }
  settle(batch->conclusions);
  pump();
}

void Queue::settle(const Conclusions& all) {
  counts_.delivered += all.delivered;
  counts_.relayed += all.relayed;
  counts_.deferred += all.deferred;
  counts_.bounced += all.bounced;
  counts_.doubtful += all.doubtful;
  counts_.outcomes_ignored += all.ignored;
  forget_files(all.files);
  if (all.dsn_due) dsn_gate_.open();
  if (!all.children_wait && all.deferred == 0) return;
  wake();
  remote_arrived_();
}

Result<void> Queue::apply_one(Database& database, OutcomeBatch& batch, size_t index) const {
  const OutcomeItem& item = batch.items[index];
  auto recipient = TRY(load_recipient(database, item.row));
  if (!recipient || !is_open(recipient->state) || recipient->state == State::held) {
    ++batch.conclusions.ignored;
    return {};
  }
  // The link went and came while mda worked: the row waits again, but the answer is as true as before.
  if (recipient->state == State::waiting && recipient->offered) recipient->state = State::in_flight;
  const Facts facts = batch.facts[index] ? *batch.facts[index] : TRY(load_facts(database, *recipient));
  Change change = judge(item, *recipient, options_.retry, batch.conclusions.moment(facts));
  const bool expanded = change.state == State::expanded;
  TRY(conclude(database, batch.conclusions, *recipient, facts, std::move(change)));
  return expanded ? add_children(database, batch, index, *recipient) : Result<void>{};
}

// A child carries its ancestry, by which mda cuts loops; a mailbox that the message already goes to gets no
// second copy.
Result<void> Queue::add_children(Database& database, OutcomeBatch& batch, size_t index,
                                 const Recipient& parent) const {
  const auto& planned = batch.children[index];
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
      batch.conclusions.events[parent.message].push_back(
          event::Event(batch.conclusions.now_ms, event::Kind::duplicate)
              .with(event::Field::recipient, child.address.text())
              .with(event::Field::of, child.mailbox));
    }
    TRY(insert_recipient(database, parent.message, child));
    batch.conclusions.children_wait = true;
  }
  return {};
}

}  // namespace futar::mta
