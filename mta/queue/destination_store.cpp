#include "mta/queue/destination_store.h"

namespace futar::mta {
namespace {

using store::Database;
using store::Statement;

Destination row_of(const Statement& s) {
  return {s.integer(0), std::string(s.text(1)), static_cast<int>(s.integer(2)), s.integer(3),
          std::string(s.text(4))};
}

}  // namespace

Result<int64_t> destination_key(Database& database, std::string_view name) {
  Statement& find = *TRY(database.statement("SELECT key FROM destination WHERE name = ?"));
  if (TRY(find.bind(1, name).step())) {
    const int64_t key = find.integer(0);
    find.reset();
    return key;
  }
  find.reset();
  Statement& add = *TRY(database.statement("INSERT INTO destination(name) VALUES(?)"));
  TRY(add.bind(1, name).run());
  return database.last_row_id();
}

Result<std::vector<Destination>> load_due_destinations(Database& database, int64_t now_ms, size_t limit) {
  // Leaps from one destination to the next in the index recipient_remote: the cost is that of the
  // destinations with waiting mail, whatever the length of the queue and however many destinations there ever
  // were.
  Statement& s = *TRY(database.statement(
      "WITH RECURSIVE waiting(key) AS ("
      "SELECT min(destination) FROM recipient WHERE state = 1 AND destination IS NOT NULL UNION ALL "
      "SELECT (SELECT min(destination) FROM recipient WHERE state = 1 AND destination IS NOT NULL AND "
      "destination > "
      "waiting.key) FROM waiting WHERE waiting.key IS NOT NULL) "
      "SELECT d.key, name, failures, d.due, last_answer FROM waiting JOIN destination d USING(key) WHERE "
      "d.due <= ?1 "
      "AND EXISTS(SELECT 1 FROM recipient r WHERE r.state = 1 AND r.destination IS NOT NULL AND "
      "r.destination = d.key "
      "AND r.due <= ?1) ORDER BY d.last_ms LIMIT ?2"));
  s.bind(1, now_ms).bind(2, static_cast<int64_t>(limit));
  std::vector<Destination> destinations;
  while (TRY(s.step())) destinations.push_back(row_of(s));
  s.reset();
  return destinations;
}

Result<Destination> load_destination(Database& database, int64_t key) {
  Statement& s =
      *TRY(database.statement("SELECT key, name, failures, due, last_answer FROM destination WHERE key = ?"));
  Destination destination;
  if (TRY(s.bind(1, key).step())) destination = row_of(s);
  s.reset();
  return destination;
}

Result<Destination> find_destination(Database& database, std::string_view name) {
  Statement& s = *TRY(
      database.statement("SELECT key, name, failures, due, last_answer FROM destination WHERE name = ?"));
  Destination destination;
  if (TRY(s.bind(1, name).step())) destination = row_of(s);
  s.reset();
  return destination;
}

Result<void> save_destination(Database& database, const Destination& d, int64_t now_ms) {
  Statement& s = *TRY(database.statement(
      "UPDATE destination SET failures = ?, due = ?, last_answer = ?, last_ms = ? WHERE key = ?"));
  return s.bind(1, int64_t{d.failures})
      .bind(2, d.due_ms)
      .bind(3, d.last_answer)
      .bind(4, now_ms)
      .bind(5, d.key)
      .run();
}

Result<void> set_destination(Database& database, int64_t row, int64_t destination, ChosenBy by) {
  Statement& s = *TRY(database.statement("UPDATE recipient SET destination = ?, rerouted = ? WHERE id = ?"));
  return s.bind(1, destination).bind(2, int64_t{by == ChosenBy::person}).bind(3, row).run();
}

Result<void> make_due_anew(Database& database, int64_t row, std::string_view reason, int64_t now_ms) {
  Statement& s =
      *TRY(database.statement("UPDATE recipient SET due = ?, reason = ?, status = '', remote_host = NULL, "
                              "remote_words = NULL WHERE id = ? AND state = 1"));
  return s.bind(1, now_ms).bind(2, reason).bind(3, row).run();
}

Result<void> make_destination_due(Database& database, int64_t key) {
  return TRY(database.statement("UPDATE destination SET due = 0 WHERE key = ?"))->bind(1, key).run();
}

}  // namespace futar::mta
