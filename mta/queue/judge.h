// What an outcome, of mda or of another server, means for a recipient. Pure: facts and rules in, one change
// out.
#pragma once
#include <string>
#include <vector>

#include "common/event/event.h"
#include "mta/queue/recipient.h"
#include "mta/queue/remote.h"
#include "mta/schedule/schedule.h"

namespace futar::mta {

struct Change {
  State state = State::waiting;
  int64_t due_ms = 0;
  int attempts = 0;
  bool offered = false;
  std::string reason, status;
  uint8_t dsn_due = 0;  ///< bits that become due
  event::Event event;
};

struct Moment {
  int64_t now_ms = 0;
  int64_t accepted_ms = 0;   ///< of the message
  int64_t last_jump_ms = 0;  ///< of the wall clock, 0 if never
};

/// RFC 3461 §5.2: which DSN a terminal state or a failed attempt asks for. The null reverse-path is not asked
/// here.
Change judge(const proto::OutcomeItem& outcome, const Recipient& recipient, const RetryRules& rules,
             const Moment& moment);
/// The same for another server. `untried` is no outcome and not asked here.
Change judge(const RemoteOutcome& outcome, const Recipient& recipient, const RetryRules& rules,
             const Moment& moment);

}  // namespace futar::mta
