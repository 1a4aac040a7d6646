#include "mta/queue/backlog_store.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "mta/queue/destination_store.h"

namespace futar::mta {

using store::Database;
using store::Statement;

// Each condition is that of one partial index (queue_store.cpp), which then covers the statement; min(id)
// would walk the whole table from its low end instead.
Result<QueueLength> queue_length(Database& database) {
  Statement& s = *TRY(
      database.statement("SELECT (SELECT count(*) FROM recipient WHERE state = 1 AND destination IS NULL), "
                         "(SELECT count(*) FROM recipient WHERE state = 1 AND destination IS NOT NULL), "
                         "(SELECT count(*) FROM recipient WHERE state = 3), "
                         "(SELECT min(+id) FROM recipient WHERE state = 1 AND destination IS NULL), "
                         "(SELECT min(+id) FROM recipient WHERE state = 1 AND destination IS NOT NULL)"));
  s.reset();
  if (!TRY(s.step())) return QueueLength{};
  QueueLength length{s.integer(0), s.integer(1), s.integer(2), 0};
  const int64_t oldest[] = {s.integer(3), s.integer(4)};
  s.reset();
  for (const int64_t row : oldest) {
    if (row == 0) continue;
    Statement& of = *TRY(database.statement(
        "SELECT accepted_ms FROM message WHERE key = (SELECT message FROM recipient WHERE id = ?)"));
    of.bind(1, row);
    if (TRY(of.step()))
      length.oldest_ms = length.oldest_ms ? std::min(length.oldest_ms, of.integer(0)) : of.integer(0);
    of.reset();
  }
  return length;
}

Result<OpenCounts> count_open(Database& database) {
  Statement& s = *TRY(database.statement(
      "SELECT (SELECT count(*) FROM recipient WHERE state <= 3), "
      "(SELECT accepted_ms FROM message WHERE key = (SELECT message FROM recipient WHERE state <= 3 "
      "ORDER BY id LIMIT 1))"));
  s.reset();
  if (!TRY(s.step())) return OpenCounts{};
  const int64_t open = s.integer(0), oldest_ms = s.integer(1);
  s.reset();
  const QueueLength length = TRY(queue_length(database));
  const int64_t waiting = length.for_mda + length.for_others;
  return OpenCounts{waiting, open - waiting - length.held, length.held, oldest_ms};
}

namespace {

constexpr int64_t hour_ms = 3'600'000;

struct Group {
  DestinationLength length;
  int64_t due_ms = 0;  ///< of the destination itself
  int64_t last_attempt_ms = -1;
};

void add(Group& group, const Statement& row, int64_t now_ms) {
  DestinationLength& length = group.length;
  const auto state = row.integer(3);
  const int64_t due = row.integer(4), attempt = row.integer(5);
  const int64_t age = row.is_null(6) ? 0 : now_ms - row.integer(6);
  ++length.all;
  ++(age < hour_ms        ? length.under_1h
     : age < 4 * hour_ms  ? length.under_4h
     : age < 24 * hour_ms ? length.under_1d
                          : length.older);
  length.held += state == 3;
  const int64_t next = state == 1 ? std::max(due, group.due_ms) : 0;
  if (next != 0 && (length.next_ms == 0 || next < length.next_ms)) length.next_ms = next;
  if (attempt < group.last_attempt_ms) return;
  group.last_attempt_ms = attempt;
  length.newest = row.integer(0);
}

}  // namespace

Result<std::vector<DestinationLength>> length_by_destination(Database& database, int64_t now_ms) {
  Statement& s = *TRY(database.statement(
      "SELECT r.id, r.destination, r.domain, r.state, r.due, r.last_attempt, m.accepted_ms FROM recipient r "
      "LEFT JOIN message m ON m.key = r.message WHERE r.state <= 3 ORDER BY r.id"));
  s.reset();
  std::unordered_map<int64_t, Group> destinations;
  std::map<std::string, Group> groups;
  while (TRY(s.step())) {
    if (s.is_null(1)) {
      add(groups[s.text(2)], s, now_ms);
      continue;
    }
    const auto [at, is_new] = destinations.try_emplace(s.integer(1));
    if (is_new) {
      const Destination destination = TRY(load_destination(database, at->first));
      at->second.length.name = destination.name;
      at->second.due_ms = destination.due_ms;
    }
    add(at->second, s, now_ms);
  }
  s.reset();
  std::vector<DestinationLength> lengths;
  for (auto& [domain, group] : groups) {
    group.length.name = domain;
    lengths.push_back(std::move(group.length));
  }
  for (auto& [key, group] : destinations) lengths.push_back(std::move(group.length));
  std::ranges::sort(lengths, {}, &DestinationLength::name);
  return lengths;
}

}  // namespace futar::mta
