#include "mta/queue/backlog_store.h"

#include <algorithm>

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

}  // namespace futar::mta
