#include "mta/queue/operator.h"

#include <map>

#include "common/base/text.h"
#include "common/spool/message_store.h"
#include "common/spool/summary_store.h"
#include "common/spool/trace_query.h"
#include "mta/queue/destination_store.h"
#include "mta/queue/queue_store.h"
#include "mta/queue/restored_store.h"
#include "mta/queue/signed_store.h"

namespace futar::mta {

using spool::matches_address;
using store::Database;
using store::Statement;

int64_t Listed::next_ms() const {
  return recipient.state == State::waiting ? std::max(recipient.due_ms, destination.due_ms) : 0;
}

std::string Listed::last_words() const {
  if (!recipient.remote_words.empty()) return fmt::format("\"{}\"", recipient.remote_words);
  // Its own turn has not come, since nobody answers there.
  const bool untried = recipient.state == State::waiting && recipient.attempts == 0;
  return untried && destination.failures > 0 ? destination.last_answer : recipient.reason;
}

namespace {

bool matches(const Selection& wanted, const Listed& listed, int64_t now_ms) {
  const Recipient& r = listed.recipient;
  if (!wanted.ids.empty() && std::ranges::none_of(wanted.ids, [&](const std::string& id) {
        return spool::matches_id(listed.id, id);
      }))
    return false;
  if (!wanted.to.empty() && !matches_address(r.address, wanted.to) &&
      !equal_nocase(listed.destination.name, wanted.to))
    return false;
  if (!wanted.from.empty() && !matches_address(listed.from, wanted.from)) return false;
  if (wanted.state && r.state != *wanted.state) return false;
  if (!wanted.reason.empty() && ascii_lower(r.reason).find(ascii_lower(wanted.reason)) == std::string::npos)
    return false;
  return wanted.older_ms == 0 || now_ms - listed.accepted_ms >= wanted.older_ms;
}

}  // namespace

Result<std::vector<Listed>> select_open(Database& database, const Selection& selection, int64_t now_ms,
                                        size_t limit) {
  Statement& s = *TRY(database.statement("SELECT id FROM recipient WHERE state <= 3 ORDER BY id"));
  std::vector<int64_t> rows;
  while (TRY(s.step())) rows.push_back(s.integer(0));
  s.reset();
  std::vector<Listed> selected;
  std::map<int64_t, spool::Summary> messages;
  std::map<int64_t, Destination> destinations{{0, {}}};
  for (int64_t row : rows) {
    auto recipient = TRY(load_recipient(database, row));
    if (!recipient) continue;
    auto summary = messages.find(recipient->message);
    if (summary == messages.end()) {
      // A damaged one is listed without what cannot be read, so that its recipients can be removed.
      auto loaded = spool::load_summary(database, recipient->message);
      if (!loaded && loaded.error().kind != Error::Kind::permanent) return fail(loaded.error());
      summary = messages.emplace(recipient->message, loaded && *loaded ? **loaded : spool::Summary{}).first;
    }
    const spool::Summary& m = summary->second;
    auto destination = destinations.find(recipient->destination);
    if (destination == destinations.end()) {
      auto loaded = TRY(load_destination(database, recipient->destination));
      destination = destinations.emplace(recipient->destination, std::move(loaded)).first;
    }
    Listed listed{std::move(*recipient), destination->second, m.id, m.envelope.reverse_path, m.size,
                  m.accepted_ms};
    if (matches(selection, listed, now_ms)) selected.push_back(std::move(listed));
    if (selected.size() == limit) break;
  }
  return selected;
}

namespace {

// Due at once at its destination, as if it had never been tried elsewhere: no transition where it waits.
Result<void> start_anew(Database& database, const Recipient& recipient, std::string_view reason,
                        int64_t now_ms) {
  if (recipient.state == State::held)
    TRY(set_state(database, recipient, State::waiting, By::person, now_ms, recipient.attempts, false, reason,
                  ""));
  TRY(make_due_anew(database, recipient.row, reason, now_ms));
  return make_destination_due(database, recipient.destination);
}

}  // namespace

Result<event::Event> act(Database& database, const Recipient& recipient, Wish wish, std::string_view by,
                         int64_t now_ms) {
  using event::Field;
  using event::Kind;
  const auto about = [&](Kind kind) {
    return event::Event(now_ms, kind)
        .with(Field::recipient, recipient.address.text())
        .with(Field::by, std::string(by));
  };
  // A restored queue asks mda with this wish; that is no person's name.
  const std::string reason = store::is_restored_reason(by) ? std::string(by) : fmt::format("by {}", by);
  const auto go = [&](State to) {
    const int64_t due = to == State::waiting && recipient.destination != 0 ? now_ms : 0;
    return set_state(database, recipient, to, By::person, due, recipient.attempts, recipient.offered, reason,
                     "");
  };
  switch (wish) {
    case Wish::hold:
      TRY(go(State::held));
      return about(Kind::held).with(Field::cause, reason);
    case Wish::cancel:
      TRY(go(State::cancelled));
      return about(Kind::cancelled);
    case Wish::bounce:
      TRY(go(State::bounced));
      TRY(add_dsn_due(database, recipient.row, dsn::failed));
      return about(Kind::bounced).with(Field::cause, reason);
    case Wish::reroute: {
      const std::string via = TRY(load_destination(database, recipient.destination)).name;
      TRY(start_anew(database, recipient, fmt::format("through {} ({})", via, reason), now_ms));
      return about(Kind::rerouted).with(Field::to, via);
    }
    case Wish::none:
      break;
  }
  TRY(go(State::waiting));
  if (store::is_restored_reason(recipient.reason)) TRY(forget_restored(database, recipient.message));
  return about(recipient.state == State::held ? Kind::released : Kind::retried);
}

namespace {

Wish wish_of(Act act) {
  switch (act) {
    case Act::hold:
      return Wish::hold;
    case Act::bounce:
      return Wish::bounce;
    case Act::remove:
      return Wish::cancel;
    case Act::retry:
    case Act::release:
      return Wish::none;
  }
  return Wish::none;
}

// A retry is no transition: what waits becomes due now, and so does its destination.
Result<void> make_due(Database& database, const Recipient& recipient, int64_t now_ms) {
  Statement& s = *TRY(database.statement("UPDATE recipient SET due = ? WHERE id = ? AND state = 1"));
  TRY(s.bind(1, recipient.destination == 0 ? int64_t{0} : now_ms).bind(2, recipient.row).run());
  return recipient.destination == 0 ? Result<void>{} : make_destination_due(database, recipient.destination);
}

}  // namespace

Result<Acted> act_on(Database& database, const std::vector<Listed>& selected, Act wanted, std::string_view by,
                     int64_t now_ms) {
  Acted acted;
  std::map<int64_t, std::vector<event::Event>> events;
  for (const Listed& listed : selected) {
    const auto recipient = TRY(load_recipient(database, listed.recipient.row));
    if (!recipient || !is_open(recipient->state)) continue;
    const bool waits = recipient->state == State::waiting;
    if (wanted == Act::retry) {
      if (waits) TRY(make_due(database, *recipient, now_ms));
      if (waits)
        events[recipient->message].push_back(event::Event(now_ms, event::Kind::retried)
                                                 .with(event::Field::recipient, recipient->address.text())
                                                 .with(event::Field::by, std::string(by)));
      waits ? ++acted.done : ++acted.refused;
    } else if ((wanted == Act::release) != (recipient->state == State::held) &&
               (wanted == Act::release || wanted == Act::hold)) {
      ++acted.refused;  // only what is held is released, only what is not held is held
    } else if (recipient->state == State::in_flight || (waits && recipient->offered)) {
      // mda may be putting it into the mailbox right now: the wish is granted when its answer is here.
      TRY(set_wish(database, recipient->row, wish_of(wanted), by));
      ++acted.wished;
    } else {
      events[recipient->message].push_back(TRY(act(database, *recipient, wish_of(wanted), by, now_ms)));
      ++acted.done;
    }
  }
  for (const auto& [message, list] : events) {
    TRY(spool::append_events(database, message, list));
    if (TRY(has_open_recipients(database, message))) continue;
    acted.files.push_back(TRY(clear_message(database, message)));
  }
  return acted;
}

Result<Acted> reroute(Database& database, const std::vector<Listed>& selected, std::string_view via,
                      std::string_view by, int64_t now_ms) {
  Acted acted;
  const int64_t there = TRY(destination_key(database, via));
  for (const Listed& listed : selected) {
    auto recipient = TRY(load_recipient(database, listed.recipient.row));
    if (!recipient || !is_open(recipient->state)) continue;
    const bool flies = recipient->state == State::in_flight;
    if (recipient->offered || (flies && recipient->destination == 0)) {
      ++acted.refused;  // mda may be putting it into the mailbox right now
      continue;
    }
    TRY(set_destination(database, recipient->row, there, ChosenBy::person));
    recipient->destination = there;
    if (flies) {
      TRY(set_wish(database, recipient->row, Wish::reroute, by));
      ++acted.wished;
      continue;
    }
    const event::Event event = TRY(act(database, *recipient, Wish::reroute, by, now_ms));
    TRY(spool::append_events(database, recipient->message, {event}));
    ++acted.done;
  }
  return acted;
}

}  // namespace futar::mta
