// The end of an attempt, made durable, whoever made it: state, DSNs that become due, the proven-sender rule,
// an operator's wish, the end of a message.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/spool/message_store.h"
#include "common/store/database.h"
#include "mta/queue/judge.h"
#include "mta/queue/recipient.h"

namespace futar::mta {

/// What must be known of a message when an attempt ends, so that the fast path reads nothing back.
struct Facts {
  MessageId id;
  smtp::Address reverse_path;
  bool proven_sender = false;
  int64_t accepted_ms = 0;
};
Result<Facts> load_facts(store::Database& database, const Recipient& recipient);

/// What a batch of ends changed. Set anew each time its job runs.
struct Conclusions {
  int64_t now_ms = 0, last_jump_ms = 0;
  std::map<int64_t, std::vector<event::Event>> events;  ///< by message, for one step each
  std::map<int64_t, MessageId> ids;                     ///< of those messages, as far as they are known
  std::vector<std::string> files;                       ///< of bodies that are not needed any more
  std::vector<std::string> aside;                       ///< rows that are damaged, in words
  uint64_t delivered = 0, relayed = 0, deferred = 0, bounced = 0, ignored = 0, doubtful = 0;
  std::vector<int64_t> took_ms;  ///< from acceptance, of each delivered or relayed
  bool dsn_due = false, children_wait = false;

  Conclusions() = default;
  Conclusions(int64_t now, int64_t jump) : now_ms(now), last_jump_ms(jump) {}
  Moment moment(const Facts& facts) const { return {now_ms, facts.accepted_ms, last_jump_ms}; }
};

/// A damaged row: its recipient is held and shown, and the rest goes on. `change` is what the attempt came
/// to, if one was made: what has gone out is not held, since a release would send it again.
Result<void> set_aside(store::Database& database, Conclusions& conclusions, const Recipient& recipient, By by,
                       const Error& why, Change change = {});
/// The message of a recipient whose attempt is about to begin; none when it was set aside.
Result<std::optional<spool::Message>> load_or_set_aside(store::Database& database, Conclusions& conclusions,
                                                        const Recipient& recipient);

/// A DSN goes only to a proven sender: without one a failure is held and shown (design §5).
Result<void> conclude(store::Database& database, Conclusions& conclusions, const Recipient& recipient,
                      const Facts& facts, Change change);
/// Grants what an operator wished while the attempt was under way; `recipient` waits now.
Result<void> grant_wish(store::Database& database, Conclusions& conclusions, Recipient recipient);
/// Writes the events, and clears the content of messages that have ended.
Result<void> write_conclusions(store::Database& database, Conclusions& conclusions);

}  // namespace futar::mta
