#include "mta/trail/trail_store.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/spool/message_store.h"

namespace futar::mta::trail {
namespace {

using store::Database;
using store::Statement;

constexpr int64_t largest_run = 400'000;  // entries, some 60 000 messages: two runs of that are not merged
constexpr size_t entry_size = 8;
constexpr size_t few = 1500;

void put(std::string& to, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<char>(value >> shift));
}
uint32_t get(std::string_view from, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(from[at + i]);
  return value;
}

Result<int64_t> number(Database& database, const char* sql) {
  Statement& s = *TRY(database.statement(sql));
  s.reset();
  const int64_t value = TRY(s.step()) ? s.integer(0) : 0;
  s.reset();
  return value;
}

Result<int64_t> meta_number(Database& database, std::string_view key) {
  const auto text = TRY(store::get_meta(database, key));
  return text ? static_cast<int64_t>(parse_number(*text).value_or(0)) : 0;
}

Result<void> set_cursor(Database& database, const Cursor& cursor) {
  TRY(store::set_meta(database, "trail_message", std::to_string(cursor.message)));
  return store::set_meta(database, "trail_recipient", std::to_string(cursor.recipient));
}

Result<std::vector<Run>> load_runs(Database& database) {
  Statement& s = *TRY(database.statement(
      "SELECT run, lowest, highest, newest_ms, entries FROM trail_run ORDER BY highest, run"));
  s.reset();
  std::vector<Run> runs;
  while (TRY(s.step()))
    runs.push_back({s.integer(0), s.integer(1), s.integer(2), s.integer(3), s.integer(4)});
  s.reset();
  return runs;
}

void sort_and_unite(std::vector<Entry>& entries) {
  std::ranges::sort(entries);
  entries.erase(std::ranges::unique(entries).begin(), entries.end());
}

/// Entries of one row from `hash` on; the row must be whole.
template <class Take>
void each_entry(std::string_view packed, int64_t lowest, Take take) {
  for (size_t at = 0; at + entry_size <= packed.size(); at += entry_size)
    take(Entry{get(packed, at), lowest + get(packed, at + 4)});
}

Result<void> load_entries(Database& database, const Run& run, std::vector<Entry>& to) {
  Statement& s = *TRY(database.statement("SELECT entries FROM trail WHERE run = ? ORDER BY run, hash, part"));
  s.bind(1, run.run);
  while (TRY(s.step())) each_entry(s.blob(0), run.lowest, [&](const Entry& entry) { to.push_back(entry); });
  s.reset();
  return {};
}

}  // namespace

Result<void> create_trail_tables(Database& database) {
  return database.execute(R"(
    CREATE TABLE IF NOT EXISTS trail_run(
      run INTEGER PRIMARY KEY, lowest INTEGER NOT NULL, highest INTEGER NOT NULL,
      newest_ms INTEGER NOT NULL, entries INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS trail(
      run INTEGER NOT NULL, hash INTEGER NOT NULL, part INTEGER NOT NULL, entries BLOB NOT NULL,
      PRIMARY KEY(run, hash, part)) WITHOUT ROWID;
  )");
}

Result<Cursor> cursor_of(Database& database) {
  return Cursor{TRY(meta_number(database, "trail_message")), TRY(meta_number(database, "trail_recipient"))};
}

Result<int64_t> count_unindexed(Database& database) {
  const Cursor cursor = TRY(cursor_of(database));
  const int64_t messages = TRY(number(database, "SELECT max(key) FROM message"));
  const int64_t recipients = TRY(number(database, "SELECT max(id) FROM recipient"));
  return std::max({messages - cursor.message, recipients - cursor.recipient, int64_t{0}});
}

namespace {

Result<void> collect_messages(Database& database, size_t limit, Batch& batch, Cursor& cursor) {
  Statement& s = *TRY(database.statement(
      "SELECT key, id, envelope, accepted_ms FROM message WHERE key > ? ORDER BY key LIMIT ?"));
  s.bind(1, cursor.message).bind(2, static_cast<int64_t>(limit));
  while (TRY(s.step())) {
    cursor.message = s.integer(0);
    batch.newest_ms = std::max(batch.newest_ms, s.integer(3));
    const auto id = MessageId::from_blob(s.blob(1));
    // What cannot be read is found by what can be; the audit names it.
    const auto envelope = spool::decode_envelope(s.blob(2));
    const auto events = spool::load_events(database, cursor.message).value_or(std::vector<event::Event>{});
    const smtp::Address sender = envelope ? envelope->reverse_path : smtp::Address{};
    for (Hash hash : hashes_of(id.value_or(MessageId()), sender, events))
      batch.entries.push_back({hash, cursor.message});
  }
  s.reset();
  return {};
}

Result<void> collect_recipients(Database& database, size_t limit, Batch& batch, Cursor& cursor) {
  Statement& s =
      *TRY(database.statement("SELECT r.id, r.message, r.local, r.domain, coalesce(m.accepted_ms, 0) FROM "
                              "recipient r LEFT JOIN message m "
                              "ON m.key = r.message WHERE r.id > ? ORDER BY r.id LIMIT ?"));
  s.bind(1, cursor.recipient).bind(2, static_cast<int64_t>(limit));
  while (TRY(s.step())) {
    cursor.recipient = s.integer(0);
    batch.newest_ms = std::max(batch.newest_ms, s.integer(4));
    for (Hash hash : hashes_of(By::recipient, {s.text(2), s.text(3)}))
      batch.entries.push_back({hash, s.integer(1)});
  }
  s.reset();
  return {};
}

}  // namespace

Result<Batch> collect(Database& database, size_t messages) {
  Batch batch;
  Cursor cursor = TRY(cursor_of(database));
  TRY(collect_messages(database, messages, batch, cursor));
  TRY(collect_recipients(database, 2 * messages, batch, cursor));
  sort_and_unite(batch.entries);
  batch.to = cursor;
  return batch;
}

// Small runs are merged as soon as two are nearly alike, so that there are few of them and each entry is
// written again only some times.
Result<std::optional<Batch>> collect_merge(Database& database) {
  const std::vector<Run> runs = TRY(load_runs(database));
  for (size_t i = runs.size(); i-- > 1;) {
    const Run &older = runs[i - 1], &newer = runs[i];
    if (older.entries > 2 * newer.entries || older.entries + newer.entries > largest_run) continue;
    Batch batch;
    batch.newest_ms = std::max(older.newest_ms, newer.newest_ms);
    batch.merged = {older.run, newer.run};
    TRY(load_entries(database, older, batch.entries));
    TRY(load_entries(database, newer, batch.entries));
    sort_and_unite(batch.entries);
    return batch;
  }
  return std::nullopt;
}

Result<int64_t> next_run(Database& database) {
  return 1 + TRY(number(database,
                        "SELECT max(coalesce((SELECT max(run) FROM trail_run), 0), coalesce((SELECT max(run) "
                        "FROM trail), 0))"));
}

namespace {

int64_t lowest_of(const Batch& batch) { return std::ranges::min(batch.entries, {}, &Entry::message).message; }

}  // namespace

Result<void> write_parts(Database& database, int64_t run, const Batch& batch, size_t first_part,
                         size_t parts) {
  if (batch.entries.empty()) return {};
  const int64_t lowest = lowest_of(batch);
  Statement& s =
      *TRY(database.statement("INSERT OR REPLACE INTO trail(run, hash, part, entries) VALUES(?,?,?,?)"));
  std::string packed;
  for (size_t part = first_part; part < first_part + parts && part * part_size < batch.entries.size();
       ++part) {
    const size_t begin = part * part_size, end = std::min(begin + part_size, batch.entries.size());
    packed.clear();
    for (size_t i = begin; i < end; ++i) {
      put(packed, batch.entries[i].hash);
      put(packed, static_cast<uint32_t>(batch.entries[i].message - lowest));
    }
    s.bind(1, run).bind(2, int64_t{batch.entries[begin].hash}).bind(3, static_cast<int64_t>(part));
    TRY(s.bind_blob(4, packed).run());
  }
  return {};
}

Result<bool> publish(Database& database, int64_t run, const Batch& batch, const Cursor& from) {
  if (batch.to && TRY(cursor_of(database)) != from) return false;
  const std::vector<Run> runs = TRY(load_runs(database));
  for (int64_t merged : batch.merged)
    if (std::ranges::find(runs, merged, &Run::run) == runs.end()) return false;
  for (int64_t merged : batch.merged)
    TRY(TRY(database.statement("DELETE FROM trail_run WHERE run = ?"))->bind(1, merged).run());
  if (!batch.entries.empty()) {
    Statement& s = *TRY(database.statement(
        "INSERT INTO trail_run(run, lowest, highest, newest_ms, entries) VALUES(?,?,?,?,?)"));
    s.bind(1, run).bind(2, lowest_of(batch));
    s.bind(3, std::ranges::max(batch.entries, {}, &Entry::message).message).bind(4, batch.newest_ms);
    TRY(s.bind(5, static_cast<int64_t>(batch.entries.size())).run());
  }
  if (batch.to) TRY(set_cursor(database, *batch.to));
  return true;
}

Result<int64_t> sweep(Database& database, int64_t parts) {
  Statement& next = *TRY(database.statement("SELECT min(run) FROM trail WHERE run > ?"));
  for (int64_t run = 0;;) {
    TRY(next.bind(1, run).step());
    run = next.integer(0);
    next.reset();
    if (run == 0) return 0;
    Statement& known = *TRY(database.statement("SELECT 1 FROM trail_run WHERE run = ?"));
    const bool is_run = TRY(known.bind(1, run).step());
    known.reset();
    if (is_run) continue;
    Statement& remove = *TRY(database.statement(
        "DELETE FROM trail WHERE (run, hash, part) IN (SELECT run, hash, part FROM trail WHERE "
        "run = ? LIMIT ?)"));
    TRY(remove.bind(1, run).bind(2, parts).run());
    return database.changes();
  }
}

Result<void> forget_runs(Database& database) {
  return database.execute(
      "DELETE FROM trail_run WHERE NOT EXISTS(SELECT 1 FROM message WHERE key BETWEEN lowest AND highest)");
}

Result<void> forget_trail(Database& database) {
  TRY(database.execute("DELETE FROM trail_run"));
  return set_cursor(database, {});
}

namespace {

// What a run has of one hash: it may begin in the last row before the first that starts with it.
Result<void> find_in(Database& database, const Run& run, Hash hash, std::vector<int64_t>& to) {
  const auto take = [&](std::string_view packed) {
    each_entry(packed, run.lowest, [&](const Entry& entry) {
      if (entry.hash == hash) to.push_back(entry.message);
    });
  };
  Statement& before = *TRY(database.statement(
      "SELECT entries FROM trail WHERE run = ? AND hash < ? ORDER BY hash DESC, part DESC LIMIT 1"));
  if (TRY(before.bind(1, run.run).bind(2, int64_t{hash}).step())) take(before.blob(0));
  before.reset();
  Statement& from =
      *TRY(database.statement("SELECT entries FROM trail WHERE run = ? AND hash = ? ORDER BY part"));
  from.bind(1, run.run).bind(2, int64_t{hash});
  while (TRY(from.step())) take(from.blob(0));
  from.reset();
  return {};
}

void newest_first(std::vector<int64_t>& messages) {
  std::ranges::sort(messages, std::greater());
  messages.erase(std::ranges::unique(messages).begin(), messages.end());
}

}  // namespace

Result<std::vector<int64_t>> find(Database& database, const Conditions& conditions, int64_t since_ms) {
  std::vector<Run> runs = TRY(load_runs(database));
  std::vector<int64_t> found;
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (i > 0 && found.size() <= few) break;  // to look at these is cheaper than to read another list
    std::vector<int64_t> messages;
    for (const Run& run : runs)
      if (run.newest_ms >= since_ms)
        for (Hash hash : conditions[i]) TRY(find_in(database, run, hash, messages));
    newest_first(messages);
    if (i == 0) {
      found = std::move(messages);
      continue;
    }
    std::vector<int64_t> both;
    std::ranges::set_intersection(found, messages, std::back_inserter(both), std::greater());
    found = std::move(both);
  }
  return found;
}

Result<std::vector<int64_t>> tail(Database& database) {
  const Cursor cursor = TRY(cursor_of(database));
  Statement& s = *TRY(database.statement(
      "SELECT key FROM message WHERE key > ?1 UNION SELECT message FROM recipient WHERE id > ?2"));
  s.bind(1, cursor.message).bind(2, cursor.recipient);
  std::vector<int64_t> messages;
  while (TRY(s.step())) messages.push_back(s.integer(0));
  s.reset();
  newest_first(messages);
  return messages;
}

Result<int64_t> below(Database& database, int64_t since_ms) {
  int64_t below = 0;
  for (const Run& run : TRY(load_runs(database))) {
    if (run.newest_ms >= since_ms) break;
    below = run.highest;
  }
  return below;
}

}  // namespace futar::mta::trail
