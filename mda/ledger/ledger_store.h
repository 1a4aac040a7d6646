// mda.db: what became of each recipient row that mta handed over. One record a row; it is the intent of a
// delivery and, once its staging file is gone, the proof of it. SQL only in ledger_store.cpp.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/spool/pairs.h"
#include "common/store/database.h"

namespace futar::mda {

/// One numbering of recipient rows: that of an mta database between two rollbacks.
struct Sender {
  std::string instance;
  int64_t epoch = 1;
  auto operator<=>(const Sender&) const = default;
};

/// Terminal outcomes. Values are on disk: never renumber.
enum class Ending : uint8_t { delivered = 1, expanded = 2, failed = 3 };

struct Record {
  int64_t sender = 0;  ///< local key of the Sender
  int64_t row = 0;     ///< mta's recipient row
  MessageId id;
  std::string recipient;  ///< address of the envelope
  Ending ending = Ending::delivered;
  int64_t wall_ms = 0;
  std::string account, folder, file;  ///< delivered: where; then this is the intent
  std::string status, reason;         ///< failed
  std::vector<std::string> targets;   ///< expanded

  /// The file in .staging/ that belongs to this row and to no other, ever.
  std::string staging_name() const { return std::to_string(sender) + "." + std::to_string(row); }
};

/// What `staging_name` was made from; none for a name that is none.
std::optional<std::pair<int64_t, int64_t>> parse_staging_name(std::string_view name);

namespace ledger {

Result<std::unique_ptr<store::Database>> open(const std::string& path);
/// The id of this database, made with it.
Result<std::string> instance(store::Database& database);

/// The local key of a sender, made at its first use.
Result<int64_t> sender_key(store::Database& database, const Sender& sender);
Result<int64_t> confirmed_below(store::Database& database, int64_t sender);
/// Only ever rises.
Result<void> confirm(store::Database& database, int64_t sender, int64_t below);

Result<std::optional<Record>> find(store::Database& database, int64_t sender, int64_t row);
/// The same message for the same recipient under another numbering: mta came back with a new epoch or
/// instance.
Result<std::optional<Record>> find_elsewhere(store::Database& database, int64_t sender, const MessageId& id,
                                             std::string_view recipient);
Result<std::vector<Record>> of_message(store::Database& database, const MessageId& id);
/// Whether there are records under another numbering at all.
Result<bool> has_other_senders(store::Database& database, int64_t sender);
/// Rows of a sender behind `after`, in order: for audits.
Result<std::vector<Record>> rows(store::Database& database, int64_t sender, int64_t after, int64_t limit);

/// Rows of an instance that were delivered: in all epochs, or in the newest alone.
enum class Epochs : uint8_t { all, newest };
Result<void> delivered(store::Database& database, std::string_view instance, Epochs epochs,
                       spool::PairRange range, const spool::PairSink& sink);

Result<void> insert(store::Database& database, const Record& record);
/// A new intent for a row: another folder or file name.
Result<void> redirect(store::Database& database, const Record& record);
/// There is no intent for the row any more: it starts over.
Result<void> withdraw(store::Database& database, const Record& record);
/// Records that name the address: those that are confirmed, whose outcome nobody asks for again, and how many
/// others.
struct Naming {
  std::vector<Record> confirmed;
  int64_t open = 0;
};
Result<Naming> naming(store::Database& database, std::string_view address);
/// The names of a record: recipient, account and targets.
Result<void> rename(store::Database& database, const Record& record);
/// Of each sender's lowest `limit` rows deletes those that are confirmed and older than `before_ms`. Returns
/// their number.
Result<int64_t> forget(store::Database& database, int64_t before_ms, int64_t limit);

}  // namespace ledger
}  // namespace futar::mda
