// Refusals of mail that never became a message: one row each, the oldest go first. They belong to no version
// of an agent's schema, so that programs before and after this one open the same database.
//
//   refused(row INTEGER PRIMARY KEY, id BLOB, at, client, sender, recipients, events BLOB)
//           sender, recipients: in lower case, recipients each between spaces
#pragma once
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/event/event.h"
#include "common/spool/trace_query.h"
#include "common/store/database.h"

namespace futar::spool {

struct Refused {
  MessageId id;  ///< of the transaction, else of the connection: several refusals may share it
  /// What led to it, and at the end Kind::refused, whose client, reverse_path and recipients are searched.
  std::vector<event::Event> events;
  bool operator==(const Refused&) const = default;
};

/// If it is not there.
Result<void> create_refused_table(store::Database& database);
Result<void> insert_refused(store::Database& database, const Refused& refused);
/// The newest first. Of addresses only `to` and `what` may be @domain; a Message-ID is that of none.
Result<std::vector<Refused>> find_refused(store::Database& database, const TraceQuery& query, size_t limit);
/// Removes from the low end what is older than before_ms or more than `most` rows, `step` rows at most. How
/// many that were.
Result<size_t> forget_refused(store::Database& database, int64_t before_ms, int64_t most, size_t step);

}  // namespace futar::spool
