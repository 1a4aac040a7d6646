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
  Moment moment;

  // Outputs, set anew each time the job runs.
  std::map<int64_t, std::vector<event::Event>> events;
  std::vector<std::string> files;
  uint64_t delivered = 0, deferred = 0, bounced = 0, ignored = 0;
  bool children_wait = false, dsn_due = false;

  void clear_outputs() {
    events.clear();
    files.clear();
    delivered = deferred = bounced = ignored = 0;
    children_wait = dsn_due = false;
  }
};

void Queue::outcomes(std::vector<OutcomeItem> items) {
  loop_.spawn("queue: outcomes", apply(std::move(items)));
}

Task<> Queue::apply(std::vector<OutcomeItem> items) {
  auto batch = std::make_shared<OutcomeBatch>();
  batch->moment = {clock_.wall_ms(), 0, jumps_.last_jump_wall_ms()};
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
  Result<void> committed = co_await writer_.commit([this, batch](Database& database) -> Result<void> {
    batch->clear_outputs();
    for (size_t i = 0; i < batch->items.size(); ++i) TRY(apply_one(database, *batch, i));
    for (const auto& [message, events] : batch->events) {
      TRY(spool::append_events(database, message, events));
      if (TRY(has_open_recipients(database, message))) continue;
      if (std::string file = TRY(spool::clear_content(database, message)); !file.empty())
        batch->files.push_back(std::move(file));
    }
    return {};
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
  counts_.delivered += batch->delivered;
  counts_.deferred += batch->deferred;
  counts_.bounced += batch->bounced;
  counts_.outcomes_ignored += batch->ignored;
  forget_files(batch->files);
  if (batch->dsn_due) dsn_gate_.open();
  if (batch->children_wait || batch->deferred > 0) wake();
  pump();
}

Result<void> Queue::apply_one(Database& database, OutcomeBatch& batch, size_t index) const {
  const OutcomeItem& item = batch.items[index];
  auto recipient = TRY(load_recipient(database, item.row));
  if (!recipient || !is_open(recipient->state) || recipient->state == State::held) {
    ++batch.ignored;
    return {};
  }
  // The link went and came while mda worked: the row waits again, but the answer is as true as before.
  if (recipient->state == State::waiting && recipient->offered) recipient->state = State::in_flight;

  Facts facts;
  if (batch.facts[index]) {
    facts = *batch.facts[index];
  } else {
    const auto message = TRY(spool::load_message(database, recipient->message));
    if (!message) return fail(Error::permanent(fmt::format("recipient {} has no message", item.row)));
    facts = {message->id, message->envelope.reverse_path, message->proven_sender, message->id.wall_ms()};
  }
  batch.moment.accepted_ms = facts.accepted_ms;
  Change change = judge(item, *recipient, options_.retry, batch.moment);
  if (facts.reverse_path.is_null()) change.dsn_due = 0;  // a DSN is never answered by a DSN, RFC 5321 §6.1
  const bool ends_badly = change.state == State::bounced || change.state == State::expired;
  if (change.dsn_due && ends_badly && !facts.proven_sender) {
    change.state = State::held;
    change.dsn_due = 0;
    change.reason = "sender not proven, so no DSN may go to it: " + change.reason;
    change.event = event::Event(batch.moment.now_ms, event::Kind::held)
                       .with(event::Field::recipient, recipient->address.text())
                       .with(event::Field::cause, change.reason);
  } else if (change.dsn_due && !facts.proven_sender) {
    change.dsn_due = 0;
  }
  TRY(set_state(database, *recipient, change.state, By::attempt, change.due_ms, change.attempts,
                change.offered, change.reason, change.status));
  if (change.dsn_due) TRY(add_dsn_due(database, item.row, change.dsn_due));
  batch.dsn_due |= change.dsn_due != 0;
  batch.events[recipient->message].push_back(std::move(change.event));
  if (change.state == State::expanded) TRY(add_children(database, batch, index, *recipient));
  if (change.state == State::waiting && recipient->wish != Wish::none)
    TRY(grant_wish(database, batch, *recipient, change));
  batch.delivered += change.state == State::delivered;
  batch.deferred += change.state == State::waiting;
  batch.bounced += ends_badly;
  return {};
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
      child.reason = "the message already goes to this mailbox";
      batch.events[parent.message].push_back(event::Event(batch.moment.now_ms, event::Kind::duplicate)
                                                 .with(event::Field::recipient, child.address.text())
                                                 .with(event::Field::of, child.mailbox));
    }
    TRY(insert_recipient(database, parent.message, child));
    batch.children_wait = true;
  }
  return {};
}

Result<void> Queue::grant_wish(Database& database, OutcomeBatch& batch, const Recipient& before,
                               const Change& change) const {
  Recipient recipient = before;
  recipient.state = change.state;
  recipient.attempts = change.attempts;
  recipient.offered = change.offered;
  const Wish wish = std::exchange(recipient.wish, Wish::none);
  TRY(set_wish(database, recipient.row, Wish::none, ""));
  auto event = TRY(act(database, recipient, wish, before.wish_by, batch.moment.now_ms));
  batch.dsn_due |= wish == Wish::bounce;
  batch.events[recipient.message].push_back(std::move(event));
  return {};
}

}  // namespace futar::mta
