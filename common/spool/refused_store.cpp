#include "common/spool/refused_store.h"

#include "common/base/text.h"

namespace futar::spool {
namespace {

using event::Field;
using store::Database;
using store::Statement;

std::string recipients_of(const event::Event& event) {
  std::string text = " ";
  for (const auto& [field, value] : event.fields)
    if (field == Field::recipient) text += ascii_lower(value) + " ";
  return text;
}

bool is_recipient(std::string_view recipients, std::string_view wanted) {
  return recipients.contains(wanted.starts_with('@') ? fmt::format("{} ", wanted)
                                                     : fmt::format(" {} ", wanted));
}

/// In lower case, as the rows are.
bool is_asked(const TraceQuery& query, const MessageId& id, const std::string& sender,
              const std::string& recipients) {
  if (!query.from.empty() && sender != query.from) return false;
  if (!query.to.empty() && !is_recipient(recipients, query.to)) return false;
  if (query.what.empty()) return true;
  if (query.what.contains('@')) return sender == query.what || is_recipient(recipients, query.what);
  return matches_id(id, query.what);
}

}  // namespace

Result<void> create_refused_table(Database& database) {
  return database.execute(R"(
    CREATE TABLE IF NOT EXISTS refused(
      row INTEGER PRIMARY KEY, id BLOB NOT NULL, at INTEGER NOT NULL, client TEXT NOT NULL,
      sender TEXT NOT NULL, recipients TEXT NOT NULL, events BLOB NOT NULL);
  )");
}

Result<void> insert_refused(Database& database, const Refused& refused) {
  if (refused.events.empty()) return fail(Error::permanent("a refusal without events"));
  const event::Event& last = refused.events.back();
  return TRY(database.statement(
                 "INSERT INTO refused(id, at, client, sender, recipients, events) VALUES(?,?,?,?,?,?)"))
      ->bind_blob(1, refused.id.blob())
      .bind(2, last.wall_ms)
      .bind(3, last.get(Field::client))
      .bind(4, ascii_lower(last.get(Field::reverse_path)))
      .bind(5, recipients_of(last))
      .bind_blob(6, event::pack(refused.events))
      .run();
}

Result<std::vector<Refused>> find_refused(Database& database, const TraceQuery& query, size_t limit) {
  if (!query.message_id.empty() || !query.ids.empty()) return std::vector<Refused>();
  TraceQuery lower = query;
  for (std::string* text : {&lower.what, &lower.from, &lower.to}) *text = ascii_lower(*text);
  Statement& s = *TRY(
      database.statement("SELECT id, sender, recipients, events FROM refused WHERE at >= ?1 AND (?2 = '' OR "
                         "client = ?2) ORDER BY row DESC"));
  s.bind(1, lower.since_ms).bind(2, lower.client);
  std::vector<Refused> found;
  while (found.size() < limit && TRY(s.step())) {
    const auto id = MessageId::from_blob(s.blob(0));
    if (!id || !is_asked(lower, *id, s.text(1), s.text(2))) continue;
    auto events = event::unpack(s.blob(3));
    if (events && !events->empty()) found.push_back({*id, *std::move(events)});
  }
  s.reset();
  return found;
}

Result<size_t> forget_refused(Database& database, int64_t before_ms, int64_t most, size_t step) {
  Statement& newest = *TRY(database.statement("SELECT coalesce(max(row), 0) FROM refused"));
  newest.reset();
  TRY(newest.step());
  const int64_t keep_from = newest.integer(0) - most + 1;
  newest.reset();
  Statement& s = *TRY(database.statement("SELECT row, at FROM refused ORDER BY row LIMIT ?"));
  s.bind(1, static_cast<int64_t>(step));
  size_t count = 0;
  int64_t last = 0;
  while (TRY(s.step()) && (s.integer(0) < keep_from || s.integer(1) < before_ms)) {
    last = s.integer(0);
    ++count;
  }
  s.reset();
  if (count > 0) TRY(TRY(database.statement("DELETE FROM refused WHERE row <= ?"))->bind(1, last).run());
  return count;
}

}  // namespace futar::spool
