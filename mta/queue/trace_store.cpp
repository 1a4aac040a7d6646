#include "mta/queue/trace_store.h"

#include "common/spool/message_store.h"
#include "mta/queue/queue_store.h"
#include "mta/trail/trail_store.h"

namespace futar::mta {

using store::Database;
using store::Statement;

namespace {

constexpr size_t shortest_start = 10;  // of an id, as spool::matches_id takes it

/// The lowest or highest id with this start; none when no id begins so.
std::optional<MessageId> bound_of(std::string_view start, char fill) {
  std::string text(start);
  text.resize(MessageId::text_size, fill);
  const auto id = MessageId::parse(text);
  return id ? std::optional(*id) : std::nullopt;
}

Result<void> find_by_start(Database& database, std::string_view start, std::vector<int64_t>& keys) {
  const auto lowest = bound_of(start, '0'), highest = bound_of(start, 'z');
  if (!lowest || !highest || start.size() < shortest_start) return {};
  Statement& s = *TRY(database.statement("SELECT key FROM message WHERE id BETWEEN ? AND ?"));
  s.bind_blob(1, lowest->blob()).bind_blob(2, highest->blob());
  while (TRY(s.step())) keys.push_back(s.integer(0));
  s.reset();
  return {};
}

/// What may be meant, newest first: what the trail knows, and all that it does not know yet.
Result<std::vector<int64_t>> candidates(Database& database, const spool::TraceQuery& query,
                                        const trail::Conditions& conditions) {
  std::vector<int64_t> keys;
  std::vector<MessageId> ids = query.ids;
  if (const auto id = MessageId::parse(query.what); id && ids.empty()) ids.push_back(*id);
  for (const MessageId& id : ids)
    if (const auto key = TRY(spool::find_message(database, id))) keys.push_back(*key);
  if (!ids.empty()) return keys;
  keys = TRY(trail::find(database, conditions, query.since_ms));
  if (query.is_by_id()) TRY(find_by_start(database, query.what, keys));
  for (int64_t key : TRY(trail::tail(database))) keys.push_back(key);
  std::ranges::sort(keys, std::greater());
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  return keys;
}

Result<bool> is_since(Database& database, int64_t key, int64_t since_ms) {
  if (since_ms == 0) return true;
  Statement& s = *TRY(database.statement("SELECT accepted_ms FROM message WHERE key = ?"));
  const bool is = TRY(s.bind(1, key).step()) && s.integer(0) >= since_ms;
  s.reset();
  return is;
}

/// A row that cannot be decoded is passed over; the audit names it.
Result<void> add_if_meant(Database& database, const spool::TraceQuery& query, spool::Summary summary,
                          std::vector<Traced>& found) {
  if (query.ids.empty() && query.is_by_id() && !spool::matches_id(summary.id, query.what)) return {};
  const auto events_of = [&database, key = summary.key] {
    return spool::load_events(database, key).value_or(std::vector<event::Event>{});
  };
  Traced traced{std::move(summary), {}, {}};
  traced.recipients = TRY(load_recipients(database, traced.summary.key));
  if (query.looks_into_events()) traced.events = events_of();
  std::vector<smtp::Address> addresses;
  for (const Recipient& recipient : traced.recipients) addresses.push_back(recipient.address);
  if (!query.is_for(traced.summary, traced.events, addresses)) return {};
  if (!query.looks_into_events()) traced.events = events_of();
  found.push_back(std::move(traced));
  return {};
}

}  // namespace

Result<std::vector<Traced>> find_traced(Database& database, const spool::TraceQuery& query, size_t limit) {
  std::vector<Traced> found;
  const trail::Conditions conditions = trail::conditions_of(query);
  if (conditions.empty() && query.what.empty() && query.ids.empty()) {
    const int64_t after = TRY(trail::below(database, query.since_ms));
    for (spool::Summary& summary : TRY(spool::find_summaries(database, after, query.since_ms, limit)))
      TRY(add_if_meant(database, query, std::move(summary), found));
    return found;
  }
  for (int64_t key : TRY(candidates(database, query, conditions))) {
    if (found.size() == limit) break;
    if (!TRY(is_since(database, key, query.since_ms))) continue;
    auto summary = spool::load_summary(database, key);
    if (!summary && summary.error().kind != Error::Kind::permanent) return fail(summary.error());
    if (summary && *summary) TRY(add_if_meant(database, query, std::move(**summary), found));
  }
  return found;
}

}  // namespace futar::mta
