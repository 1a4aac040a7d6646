#include "msa/to_mta/spool_store.h"

#include "common/base/text.h"
#include "common/spool/summary_store.h"

namespace futar::msa {
namespace {

using store::Database;
using store::Statement;

// `outgoing` holds the keys that mta has not taken: small, so that start and resumption never scan the
// history.
Result<void> migrate(Database& database, int from_version) {
  if (from_version != 0) return {};
  TRY(spool::create_message_tables(database));
  TRY(database.execute("CREATE TABLE outgoing(message INTEGER PRIMARY KEY)"));
  TRY(store::set_meta(database, "epoch", "1"));
  return store::set_meta(database, "instance", MessageId::make(system_clock()).text());
}

}  // namespace

const store::Schema spool_schema{.version = 1, .oldest_reader = 1, .migrate = migrate};

Result<Identity> identity(Database& database) {
  const auto instance = TRY(store::get_meta(database, "instance"));
  const auto epoch = TRY(store::get_meta(database, "epoch"));
  if (!instance || !epoch) return fail(Error::ours(database.path() + " has no instance id"));
  return Identity{*instance, std::stoll(*epoch)};
}

Result<int64_t> begin_epoch(Database& database) {
  const int64_t epoch = TRY(identity(database)).epoch + 1;
  TRY(store::set_meta(database, "epoch", std::to_string(epoch)));
  return epoch;
}

Result<void> adopt_restored(Database& database, const store::Restored& restored) {
  TRY(begin_epoch(database));
  Statement& hold =
      *TRY(database.statement("UPDATE message SET hold_reason = ? WHERE key IN (SELECT message FROM "
                              "outgoing) AND hold_reason IS NULL"));
  return hold.bind(1, store::restored_reason(restored)).run();
}

Result<int64_t> insert_spooled(Database& database, const spool::Message& message,
                               const std::vector<event::Event>& events) {
  const int64_t key = TRY(spool::insert_message(database, message, events));
  TRY(TRY(database.statement("INSERT INTO outgoing(message) VALUES(?)"))->bind(1, key).run());
  return key;
}

namespace {

// The client stands in the events alone; mta's trail finds the message by it.
std::string client_of(Database& database, int64_t key) {
  for (const event::Event& event : spool::load_events(database, key).value_or(std::vector<event::Event>{}))
    if (event.kind == event::Kind::accepted) return std::string(event.get(event::Field::client));
  return "";
}

}  // namespace

Result<Backlog> load_spooled(Database& database, int64_t after, size_t limit) {
  Statement& s =
      *TRY(database.statement("SELECT message FROM outgoing WHERE message > ? ORDER BY message LIMIT ?"));
  s.bind(1, after).bind(2, static_cast<int64_t>(limit));
  std::vector<int64_t> keys;
  while (TRY(s.step())) keys.push_back(s.integer(0));
  s.reset();
  Backlog backlog;
  for (int64_t key : keys) {
    auto message = spool::load_message(database, key);
    if (!message && message.error().kind == Error::Kind::ours) return fail(message.error());
    if (message && *message) (*message)->client = client_of(database, key);
    if (message && *message)
      backlog.items.push_back({key, std::move(**message)});
    else
      backlog.damaged.push_back(key);
  }
  return backlog;
}

Result<std::vector<std::string>> set_handed_over(Database& database,
                                                 const std::vector<proto::Range>& ranges) {
  std::vector<std::string> files;
  for (const proto::Range& range : ranges) {
    Statement& s = *TRY(database.statement("SELECT message FROM outgoing WHERE message BETWEEN ? AND ?"));
    s.bind(1, range.first).bind(2, range.last);
    std::vector<int64_t> keys;
    while (TRY(s.step())) keys.push_back(s.integer(0));
    s.reset();
    for (int64_t key : keys)
      if (std::string file = TRY(spool::clear_content(database, key)); !file.empty())
        files.push_back(std::move(file));
    Statement& remove = *TRY(database.statement("DELETE FROM outgoing WHERE message BETWEEN ? AND ?"));
    TRY(remove.bind(1, range.first).bind(2, range.last).run());
  }
  return files;
}

Result<int64_t> lowest_spooled(Database& database) {
  Statement& s =
      *TRY(database.statement("SELECT coalesce((SELECT min(message) FROM outgoing), (SELECT seq + 1 FROM "
                              "sqlite_sequence WHERE name = 'message'), 1)"));
  const int64_t lowest = TRY(s.step()) ? s.integer(0) : 1;
  s.reset();
  return lowest;
}

Result<std::vector<int64_t>> outgoing_keys(Database& database) {
  Statement& s = *TRY(database.statement("SELECT message FROM outgoing ORDER BY message DESC"));
  s.reset();
  std::vector<int64_t> keys;
  while (TRY(s.step())) keys.push_back(s.integer(0));
  s.reset();
  return keys;
}

namespace {

constexpr char retired_key[] = "retired";

Result<int64_t> load_retired(Database& database) {
  const auto text = TRY(store::get_meta(database, retired_key));
  return text ? static_cast<int64_t>(parse_number(*text).value_or(0)) : 0;
}

}  // namespace

Result<Counts> count_spool(Database& database) {
  Statement& s = *TRY(database.statement(
      "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'message'), 0), (SELECT "
      "count(*) FROM outgoing)"));
  s.reset();
  Counts counts;
  if (TRY(s.step())) counts = {s.integer(0), s.integer(1)};
  s.reset();
  return counts;
}

Result<Counts> count_rows(Database& database) {
  Statement& s =
      *TRY(database.statement("SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM outgoing)"));
  s.reset();
  Counts counts;
  if (TRY(s.step())) counts = {s.integer(0), s.integer(1)};
  s.reset();
  counts.accepted += TRY(load_retired(database));
  return counts;
}

Result<spool::Forgotten> forget_handed_over(Database& database, int64_t before_ms, int64_t after,
                                            size_t limit) {
  Statement& s =
      *TRY(database.statement("SELECT key, accepted_ms, header IS NULL AND NOT EXISTS(SELECT 1 FROM outgoing "
                              "WHERE message = key) FROM "
                              "message WHERE key > ? ORDER BY key LIMIT ?"));
  s.bind(1, after).bind(2, static_cast<int64_t>(limit));
  spool::Forgotten forgotten{after, 0, false};
  std::vector<int64_t> over;
  size_t rows = 0;
  while (TRY(s.step())) {
    ++rows;
    if (s.integer(1) >= before_ms) {
      forgotten.at_end = true;
      break;
    }
    forgotten.after = s.integer(0);
    if (s.integer(2) != 0) over.push_back(forgotten.after);
  }
  s.reset();
  forgotten.at_end |= rows < limit;
  forgotten.count = static_cast<int64_t>(over.size());
  if (over.empty()) return forgotten;
  for (int64_t key : over) TRY(spool::delete_message(database, key));
  const int64_t retired = TRY(load_retired(database)) + forgotten.count;
  TRY(store::set_meta(database, retired_key, std::to_string(retired)));
  return forgotten;
}

Result<void> handed_over(Database& database, spool::PairRange range, const spool::PairSink& sink) {
  Statement& s = *TRY(database.statement(
      "SELECT key, id FROM message WHERE key BETWEEN ?1 AND ?2 AND header IS NULL AND key NOT "
      "IN (SELECT message FROM outgoing)"));
  s.bind(1, range.first).bind(2, range.last);
  while (TRY(s.step()))
    if (const auto id = MessageId::from_blob(s.blob(1))) sink({s.integer(0), *id});
  s.reset();
  return {};
}

Result<spool::Repaired> repair(Database& database, const std::string& by, int64_t now_ms) {
  spool::Repaired repaired;
  Statement& lost = *TRY(database.statement(
      "SELECT key FROM message WHERE header IS NOT NULL AND key NOT IN (SELECT message FROM outgoing)"));
  lost.reset();
  std::vector<int64_t> keys;
  while (TRY(lost.step())) keys.push_back(lost.integer(0));
  lost.reset();
  for (const int64_t key : keys) {
    TRY(TRY(database.statement("INSERT INTO outgoing(message) VALUES(?)"))->bind(1, key).run());
    TRY(spool::append_events(
        database, key,
        {event::Event(now_ms, event::Kind::repaired)
             .with(event::Field::what, "it was neither handed over nor waited: offered to mta")
             .with(event::Field::by, by)}));
    repaired.done.push_back(fmt::format("message {} is offered to mta again", key));
  }
  Statement& dangling = *TRY(database.statement(
      "DELETE FROM outgoing WHERE message NOT IN (SELECT key FROM message) RETURNING message"));
  dangling.reset();
  while (TRY(dangling.step()))
    repaired.done.push_back(
        fmt::format("the entry of message {}, which is not there, was removed", dangling.integer(0)));
  dangling.reset();
  return repaired;
}

Result<std::vector<std::string>> find_problems(Database& database) {
  struct Check {
    const char* sql;
    const char* sentence;
  };
  constexpr Check checks[] = {
      {"SELECT message FROM outgoing WHERE message NOT IN (SELECT key FROM message) LIMIT 100",
       "message {} waits for mta, but it is not there"},
      {"SELECT m.key FROM outgoing o JOIN message m ON m.key = o.message WHERE m.header IS NULL LIMIT 100",
       "message {} waits for mta, but its content is gone"},
      {"SELECT key FROM message WHERE header IS NOT NULL AND key NOT IN (SELECT message FROM outgoing) LIMIT "
       "100",
       "message {} is neither handed over nor waits for it"},
      {"SELECT key FROM message m WHERE header IS NOT NULL AND file IS NULL AND size > 0 AND NOT "
       "EXISTS(SELECT 1 "
       "FROM content c WHERE c.key = m.key) LIMIT 100",
       "the body of message {} is missing"},
      {"SELECT key FROM content WHERE key NOT IN (SELECT key FROM message) LIMIT 100",
       "the body {} belongs to no message"},
  };
  std::vector<std::string> problems;
  for (const Check& check : checks) {
    Statement& s = *TRY(database.statement(check.sql));
    s.reset();
    while (TRY(s.step())) problems.push_back(fmt::format(fmt::runtime(check.sentence), s.integer(0)));
    s.reset();
  }
  for (int64_t key : TRY(spool::damaged_messages(database, 100)))
    problems.push_back(fmt::format("the row of message {} is damaged", key));
  return problems;
}

}  // namespace futar::msa
