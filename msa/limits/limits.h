// How many recipients an account may send to within an hour and a day. Over it the mail is held, never
// refused: a stolen password does little harm, and an honest newsletter waits for postmaster.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/store/writer.h"

namespace futar::msa {

/// Recipients; 0 = no limit.
struct LimitOptions {
  uint64_t hour = 100;
  uint64_t day = 500;
};

/// Counts in spans of five minutes, so an hour is 60 to 65 minutes. Lives on the io thread; what it counts is
/// also kept in msa.db and read at start.
class Limits {
 public:
  Limits(LimitOptions options, const Clock& clock) : options_(options), clock_(clock) {}

  /// Makes the table of counts if need be, drops what is older than a day and reads the rest. Before the
  /// first charge(), on a connection that may write.
  Result<void> load(store::Database& database);

  struct Verdict {
    uint64_t hour = 0, day = 0;  ///< recipients sent to, with this message if it is not held
    uint64_t limit_hour = 0, limit_day = 0;
    std::string hold_reason;       ///< "": send it. Else hold all its recipients with this reason
    bool tell_postmaster = false;  ///< the first time within a day that this account is held
    store::Job record;             ///< give it to the writer together with the message
  };
  /// Decides at accept. What is held does not count. `own_limit_day` is Account::limit_day, which replaces
  /// both limits.
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
