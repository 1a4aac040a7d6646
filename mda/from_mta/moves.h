// The second half of a delivery: staged files whose intents are durable go into their folders. Used by a
// round and, at start, by recover(). Blocking; on a worker thread.
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "mda/ledger/ledger_store.h"
#include "mda/maildir/mail_store.h"
#include "mda/maildir/maildirsize.h"

namespace futar::mda {

struct Move {
  enum class State {
    waiting,     ///< its intent is durable
    redirected,  ///< `record` names another folder or file now: to be made durable, then tried again
    moved,
    failed,  ///< by `error`; the file still is where it was
  };
  Record record;
  State state = State::waiting;
  Error error;
};

/// The folders that were written to, open, so that each is synced once.
class Targets {
 public:
  explicit Targets(const MailStore& mail) : mail_(mail) {}
  /// new/ of the record's folder. An INBOX that is gone is made again; none: another folder that is gone.
  Result<const Fd*> open(const Record& record);
  void forget(const Record& record);
  std::vector<const Fd*> folders() const;

 private:
  const MailStore& mail_;
  std::map<std::pair<std::string, std::string>, Fd> open_;  ///< by account and folder
};

/// Tries each waiting move once. A folder that is gone redirects to INBOX, a name that is taken to another
/// one.
void move_all(const MailStore& mail, Targets& targets, std::span<Move> moves);

/// Passes that a move may take: to its folder, to INBOX, and once more for each surprise on the way.
constexpr int most_passes = 4;

/// Adds what was moved to the maildirsize of each mailbox. Errors are logged: the file is advice, counted
/// anew in time.
void count_moved(const MailStore& mail, std::span<const Move> moves);

}  // namespace futar::mda
