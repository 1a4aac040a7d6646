// The trail in mta.db: sorted runs of (hash of a word, message). It belongs to no version of the schema:
// programs before and after this one open the same database, and it can be made anew from the rest.
//
//   trail_run(run INTEGER PRIMARY KEY, lowest, highest, newest_ms, entries)      a run that is looked into
//   trail(run, hash, part, entries BLOB, PRIMARY KEY(run, hash, part))           its entries from `hash` on,
//          sorted: 4 octets hash, 4 octets message - lowest, lowest octet first
//   meta("trail_message"), meta("trail_recipient"): rows up to these stand in runs
#pragma once
#include <optional>
#include <utility>

#include "common/store/database.h"
#include "mta/trail/words.h"

namespace futar::mta::trail {

struct Entry {
  Hash hash = 0;
  int64_t message = 0;
  auto operator<=>(const Entry&) const = default;
};

/// Rows of message and recipient that stand in the trail: up to these, both included.
struct Cursor {
  int64_t message = 0, recipient = 0;
  bool operator==(const Cursor&) const = default;
};

struct Run {
  int64_t run = 0;
  int64_t lowest = 0, highest = 0;  ///< messages that its entries name
  int64_t newest_ms = 0;            ///< the latest acceptance of those
  int64_t entries = 0;
};

/// What one run is made from.
struct Batch {
  std::vector<Entry> entries;  ///< sorted, each once
  int64_t newest_ms = 0;
  std::vector<int64_t> merged;  ///< the runs that it takes the place of
  std::optional<Cursor> to;     ///< or the rows that it adds
};

constexpr size_t part_size = 110;  ///< entries a row: they fit a page four times without an overflow page

/// If they are not there.
Result<void> create_trail_tables(store::Database& database);
Result<Cursor> cursor_of(store::Database& database);
/// How many rows are behind the cursor, of messages or recipients, whichever are more.
Result<int64_t> count_unindexed(store::Database& database);

/// The next `messages` messages behind the cursor, and twice as many recipients. For a reader.
Result<Batch> collect(store::Database& database, size_t messages);
/// What two runs that should be one hold: the newest that are too small for their age. For a reader.
Result<std::optional<Batch>> collect_merge(store::Database& database);

/// A number no run has.
Result<int64_t> next_run(store::Database& database);
/// Rows first_part.. (counted in part_size entries), `parts` of them at most.
Result<void> write_parts(store::Database& database, int64_t run, const Batch& batch, size_t first_part,
                         size_t parts);
/// From now on the run is looked into, those it merges are not, and the cursor moves. False, and nothing
/// changes, if a merged one has gone meanwhile or the cursor is another.
Result<bool> publish(store::Database& database, int64_t run, const Batch& batch, const Cursor& from);
/// Removes up to `parts` rows that belong to no run. Returns their number.
Result<int64_t> sweep(store::Database& database, int64_t parts);
/// Runs all of whose messages have gone are looked into no more.
Result<void> forget_runs(store::Database& database);
/// All of it; it is made anew from the first message on.
Result<void> forget_trail(store::Database& database);

/// Messages that may fulfil all conditions (or the first ones, when these leave few), each once, newest
/// first; of those only that a run knows which has messages accepted at or after since_ms. Only what stands
/// in runs.
Result<std::vector<int64_t>> find(store::Database& database, const Conditions& conditions, int64_t since_ms);
/// Messages behind the cursor, and those with recipients behind it; newest first.
Result<std::vector<int64_t>> tail(store::Database& database);
/// Every message with a higher key may have been accepted at or after since_ms; none below was.
Result<int64_t> below(store::Database& database, int64_t since_ms);

}  // namespace futar::mta::trail
