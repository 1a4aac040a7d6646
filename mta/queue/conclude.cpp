#include "mta/queue/conclude.h"

#include "common/spool/summary_store.h"
#include "mta/queue/operator.h"
#include "mta/queue/queue_store.h"
#include "mta/queue/signed_store.h"

namespace futar::mta {

using store::Database;

Result<Facts> load_facts(Database& database, const Recipient& recipient) {
  const auto message = TRY(spool::load_summary(database, recipient.message));
  if (!message) return fail(Error::permanent(fmt::format("recipient {} has no message", recipient.row)));
  return Facts{message->id, message->envelope.reverse_path, message->proven_sender, message->id.wall_ms()};
}

Result<void> set_aside(Database& database, Conclusions& all, const Recipient& recipient, By by,
                       const Error& why, Change change) {
  all.aside.push_back(
      fmt::format("recipient {} of message {}: {}", recipient.row, recipient.message, why.text));
  change.reason =
      fmt::format("damaged row: {}{}{}", why.text, change.reason.empty() ? "" : "; ", change.reason);
  const bool gone_out = change.state == State::delivered || change.state == State::relayed;
  if (!gone_out) {
    change.state = State::held;
    change.status = "4.3.0";
    change.event = event::Event(all.now_ms, event::Kind::held)
                       .with(event::Field::recipient, recipient.address.text())
                       .with(event::Field::cause, change.reason);
  }
  TRY(set_wish(database, recipient.row, Wish::none, ""));
  TRY(set_state(database, recipient, change.state, by, 0, recipient.attempts,
                by == By::rule && recipient.offered, change.reason, change.status));
  all.events[recipient.message].push_back(std::move(change.event));
  all.delivered += change.state == State::delivered;
  all.relayed += change.state == State::relayed;
  return {};
}

Result<std::optional<spool::Message>> load_or_set_aside(Database& database, Conclusions& all,
                                                        const Recipient& recipient) {
  auto loaded = spool::load_message(database, recipient.message);
  if (!loaded && loaded.error().kind != Error::Kind::permanent) return fail(loaded.error());
  if (loaded && *loaded && ((*loaded)->body.is_file() || (*loaded)->body.bytes)) return std::move(*loaded);
  const Error why =
      !loaded ? loaded.error() : Error::permanent(*loaded ? "its content is gone" : "its message is missing");
  TRY(set_aside(database, all, recipient, By::rule, why));
  return std::optional<spool::Message>();
}

Result<void> conclude(Database& database, Conclusions& all, const Recipient& recipient, const Facts& facts,
                      Change change) {
  if (facts.reverse_path.is_null()) change.dsn_due = 0;  // a DSN is never answered by a DSN, RFC 5321 §6.1
  const bool ends_badly = change.state == State::bounced || change.state == State::expired;
  if (change.dsn_due && ends_badly && !facts.proven_sender) {
    change.state = State::held;
    change.reason = "sender not proven, so no DSN may go to it: " + change.reason;
    change.event = event::Event(all.now_ms, event::Kind::held)
                       .with(event::Field::recipient, recipient.address.text())
                       .with(event::Field::cause, change.reason);
  }
  if (!facts.proven_sender) change.dsn_due = 0;
  TRY(set_state(database, recipient, change.state, By::attempt, change.due_ms, change.attempts,
                change.offered, change.reason, change.status));
  if (change.dsn_due) TRY(add_dsn_due(database, recipient.row, change.dsn_due));
  all.dsn_due |= change.dsn_due != 0;
  all.events[recipient.message].push_back(std::move(change.event));
  all.ids[recipient.message] = facts.id;
  all.delivered += change.state == State::delivered;
  all.relayed += change.state == State::relayed;
  if (change.state == State::delivered || change.state == State::relayed)
    all.took_ms.push_back(all.now_ms - facts.accepted_ms);
  all.deferred += change.state == State::waiting;
  all.bounced += ends_badly;
  if (change.state != State::waiting || recipient.wish == Wish::none) return {};
  Recipient waiting = recipient;
  waiting.state = change.state;
  waiting.attempts = change.attempts;
  waiting.offered = change.offered;
  return grant_wish(database, all, std::move(waiting));
}

Result<void> grant_wish(Database& database, Conclusions& all, Recipient recipient) {
  const Wish wish = std::exchange(recipient.wish, Wish::none);
  TRY(set_wish(database, recipient.row, Wish::none, ""));
  auto event = TRY(act(database, recipient, wish, recipient.wish_by, all.now_ms));
  all.dsn_due |= wish == Wish::bounce;
  all.events[recipient.message].push_back(std::move(event));
  return {};
}

Result<void> write_conclusions(Database& database, Conclusions& all) {
  for (const auto& [message, events] : all.events) {
    // A history that takes no more is no reason to forget what has happened.
    if (auto kept = spool::append_events(database, message, events); !kept) {
      if (kept.error().kind != Error::Kind::permanent) return kept;
      all.aside.push_back(kept.error().text);
    }
    if (TRY(has_open_recipients(database, message))) continue;
    if (std::string file = TRY(clear_message(database, message)); !file.empty())
      all.files.push_back(std::move(file));
  }
  return {};
}

}  // namespace futar::mta
