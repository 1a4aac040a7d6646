// How many recipients an account may send to within an hour and a day. Over it the mail is held, never refused: a
// stolen password does little harm, and an honest newsletter waits for postmaster.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/store/job.h"

namespace futar::msa {

/// Recipients; 0 = no limit.
struct LimitOptions {
  uint64_t hour = 100;
  uint64_t day = 500;
};

/// Counts in spans of five minutes, so an hour is 55 to 60 minutes. Lives on the io thread; what it counts is also kept
/// in msa.db and read at start.
class Limits {
 public:
  Limits(LimitOptions options, const Clock& clock) : options_(options), clock_(clock) {}

  /// Call from the migration of msa.db.
  static Result<void> create_tables(store::Database& database);
  /// Reads the last 24 hours, and drops what is older. Before the first charge().
  Result<void> load(store::Database& database);

  struct Verdict {
    uint64_t hour = 0, day = 0;        ///< recipients sent to, with this message if it is not held
    uint64_t limit_hour = 0, limit_day = 0;
    std::string hold_reason;           ///< "": send it. Else hold all its recipients with this reason
    bool tell_postmaster = false;      ///< the first time within a day that this account is held
    store::Job record;                 ///< run it in the transaction that stores the message
  };
  /// Decides at accept. What is held does not count. `own_limit_day` is Account::limit_day, which replaces both limits.
  Verdict charge(const std::string& login, uint64_t recipients, uint64_t own_limit_day);
  /// The message was not stored after all.
  void refund(const std::string& login, uint64_t recipients);
  void set_options(LimitOptions options) { options_ = options; }  ///< after a reload

 private:
  struct Sent {
    std::map<int64_t, uint64_t> spans;  ///< number of the span since 1970 -> recipients
    int64_t told_ms = 0;                ///< when postmaster was told
  };
  int64_t span() const;
  void forget_old(Sent& sent) const;

  LimitOptions options_;
  const Clock& clock_;
  std::map<std::string, Sent> accounts_;
};

}  // namespace futar::msa
