// msa.db: messages that were acknowledged, until mta has them. Spooled -> handed over | cancelled, nothing
// else.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/spool/body_audit.h"
#include "common/spool/message_store.h"
#include "common/spool/pairs.h"
#include "common/spool/retention.h"
#include "common/store/copy.h"
#include "common/store/database.h"
#include "proto/messages.h"

namespace futar::msa {

extern const store::Schema spool_schema;

struct Identity {
  std::string instance;  ///< of this database
  int64_t epoch = 1;     ///< of its keys toward mta
};
Result<Identity> identity(store::Database& database);
Result<int64_t> begin_epoch(store::Database& database);
/// The database is from a backup: a new epoch, and what was not handed over will be held by mta.
Result<void> adopt_restored(store::Database& database, const store::Restored& restored);

/// Stores a message as spooled; returns its key, which is its sequence toward mta.
Result<int64_t> insert_spooled(store::Database& database, const spool::Message& message,
                               const std::vector<event::Event>& events);
/// Spooled messages with key > after, in order, blob bodies loaded. A row that cannot be decoded is set aside
/// (`damaged`) and the rest goes on.
struct Backlog {
  std::vector<proto::TransferItem> items;
  std::vector<int64_t> damaged;
};
Result<Backlog> load_spooled(store::Database& database, int64_t after, size_t limit);
/// Returns the names of body files that may go. A key that is not spooled any more is no error: answers
/// repeat.
Result<std::vector<std::string>> set_handed_over(store::Database& database,
                                                 const std::vector<proto::Range>& ranges);
/// The lowest spooled key, or the next key when nothing is spooled.
Result<int64_t> lowest_spooled(store::Database& database);

/// Spooled messages, the newest first.
Result<std::vector<int64_t>> outgoing_keys(store::Database& database);

struct Counts {
  int64_t accepted = 0;  ///< ever, with what retention took away
  int64_t spooled = 0;
};
/// At once, by the key that was given last.
Result<Counts> count_spool(store::Database& database);
/// By the rows that are there and the count of those that retention deleted: for the audit.
Result<Counts> count_rows(store::Database& database);
/// A step of spool::Retention: deletes what was handed over and accepted before before_ms.
Result<spool::Forgotten> forget_handed_over(store::Database& database, int64_t before_ms, int64_t after,
                                            size_t limit);
/// Keys of messages that were handed over.
Result<void> handed_over(store::Database& database, spool::PairRange range, const spool::PairSink& sink);
/// What is safe to mend: what is neither handed over nor waits is offered again (mta knows what it has), an
/// entry of a message that is not there goes.
Result<spool::Repaired> repair(store::Database& database, const std::string& by, int64_t now_ms);
/// What must not be: a message that is neither handed over nor waits for it, one that waits without content,
/// bodies and entries of nothing, damaged rows. Each as a sentence.
Result<std::vector<std::string>> find_problems(store::Database& database);

}  // namespace futar::msa
