// The ledger as the delivery asks it: from coroutines on the io thread, over a writer and a reader thread.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/net/loop.h"
#include "common/store/writer.h"
#include "mda/ledger/ledger_store.h"

namespace futar::mda {

/// A recipient row as mta hands it over.
struct Question {
  int64_t row = 0;
  MessageId id;
  std::string recipient;
};
struct Fresh {};  ///< never seen: deliver it
struct Known {
  Record record;
};  ///< answered before, or an intent stands: never do it again
struct Conflict {
  std::string reason;
};  ///< the row belongs to another message, or was confirmed long ago: mta.db was
    ///< rolled back, nothing may be done under this numbering
using Answer = std::variant<Fresh, Known, Conflict>;

/// The rule behind look_up(), pure. `own`: the record of that row; `elsewhere`: of the same message and
/// recipient under another numbering.
Answer judge(const Question& question, int64_t confirmed_below, std::optional<Record> own,
             std::optional<Record> elsewhere);

/// All but look_up() and the lists are durable when they return; a temporary error means that nothing was
/// done.
class Ledger {
 public:
  /// Takes the open database (ledger::open). `broken` as store::Writer's; it runs on the io thread.
  Ledger(net::Loop& loop, std::unique_ptr<store::Database> database, std::function<void(Error)> broken);

  /// The local key of a sender, made at its first use.
  Task<Result<int64_t>> sender_key(Sender sender);
  Task<Result<std::vector<Answer>>> look_up(int64_t sender, std::vector<Question> questions);
  Task<Result<void>> record(std::vector<Record> records);
  Task<Result<void>> redirect(std::vector<Record> records);
  Task<Result<void>> withdraw(std::vector<Record> records);
  /// mta has committed the terminal outcomes below.
  Task<Result<void>> confirm(int64_t sender, int64_t below);
  /// Deletes what is confirmed and older, 200 at a step. Returns the number of records.
  Task<Result<int64_t>> forget(int64_t before_ms);

  /// Takes an address out of confirmed records; counts and places stay.
  struct Erased {
    int64_t records = 0;
    int64_t open = 0;  ///< not confirmed yet: left as they are
  };
  Task<Result<Erased>> erase(std::string address);

  /// For traces and audits.
  Task<Result<std::vector<Record>>> of_message(MessageId id);
  Task<Result<std::vector<Record>>> rows(int64_t sender, int64_t after, int64_t limit);
  /// For what reads more than a moment: the mail itself does not wait for it.
  store::Reader& audit_reader() { return audit_reader_; }
  store::WriterStatistics statistics() const { return writer_.statistics(); }

 private:
  using Change = Result<void> (*)(store::Database&, const Record&);
  Task<Result<void>> change_all(std::vector<Record> records, Change change);

  std::string path_;
  store::Writer writer_;
  store::Reader reader_, audit_reader_;
  store::Checkpointer checkpointer_;
  std::map<Sender, int64_t> keys_;  ///< senders of this run
};

}  // namespace futar::mda
