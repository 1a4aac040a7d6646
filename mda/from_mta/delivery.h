// The delivery agent behind its link: takes recipients from mta, delivers them in rounds, answers each. All
// that a main has to wire.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/loop.h"
#include "common/net/workers.h"
#include "common/spool/snapshot.h"
#include "common/store/writer.h"
#include "mda/from_mta/recover.h"
#include "mda/from_mta/workshop.h"
#include "proto/link/link.h"

namespace futar::mda {

struct DeliveryOptions {
  std::string mailboxes;  ///< mda.mailboxes; .staging/ in it must be on the same file system as all Maildirs
  std::string state_folder;                   ///< holds mda.db and spool/; made and locked by the daemon
  std::string published_folder;               ///< holds addresses.db
  std::string subaddress = "+";               ///< mda.subaddress
  std::string junk = "Junk";                  ///< mda.junk
  std::string hostname;                       ///< stands in file names
  uint64_t quota = 0;                         ///< mda.quota for accounts without their own; 0 = none
  int64_t keep_ms = 30LL * 24 * 3600 * 1000;  ///< trace.keep: confirmed records stay so long
  size_t rounds = 3;                          ///< under way at once: while one syncs, the next writes
  size_t round_size = 256;                    ///< recipients in a round, unless one Deliver holds more
  int64_t gather_ms = 20;  ///< between the starts of two rounds under load: what came meanwhile shares fsyncs
};

/// io thread. Workers: 16 threads and more, so that many fsyncs meet in one journal commit.
class Delivery {
 public:
  /// Opens mda.db, the mailboxes and the spool, and finishes what a crash interrupted; blocking, before the
  /// loop runs. `broken`: I/O failed somewhere; the daemon must end with a status that restarts it. May be
  /// called more than once.
  static Result<std::unique_ptr<Delivery>> open(net::Loop& loop, net::Workers& workers, const Clock& clock,
                                                DeliveryOptions options, std::function<void(Error)> broken);
  ~Delivery();  ///< after stop(), unless the loop never runs again

  const std::string& instance() const;  ///< for proto::LinkOptions
  const Recovered& recovered() const;   ///< what open() found
  proto::DeliverySink sink();           ///< for proto::DeliveryReceiver; valid as long as this
  /// Mailboxes that became full, or have room again: give it DeliveryReceiver::push.
  void on_mailbox_change(std::function<void(proto::MailboxState)> push);

  /// Spawns the housekeeping: looks at full mailboxes, forgets old records. Call once, with
  /// reopen_directory().
  void start();
  /// Reads the newest generation, makes the Maildirs of new accounts, brings quotas up to date. Returns the
  /// number of Maildirs made. At start, and for the verb `reopen`: `futar user add` waits for it.
  Task<Result<size_t>> reopen_directory();
  /// A copy of the ledger for a backup, as of a moment in which no delivery is half done; they wait so long.
  Task<Result<size_t>> lay_ready(spool::Snapshot& snapshot);
  /// Ledger::erase, with all that mta has confirmed so far.
  Task<Result<Ledger::Erased>> erase(std::string address);
  Task<> stop();  ///< takes nothing more; returns when what was taken is answered

  const Counters& counters() const;
  store::WriterStatistics ledger_statistics() const;
  size_t under_way() const;  ///< recipients
  Ledger& ledger();          ///< for the verbs trace and audit

 private:
  struct Impl;
  explicit Delivery(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::mda
