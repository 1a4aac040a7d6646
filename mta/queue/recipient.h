// A recipient as the queue holds it, and what may change about it. Values only.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/event/event.h"
#include "common/smtp/parameters.h"
#include "mta/queue/states.h"
#include "proto/messages.h"

namespace futar::mta {

/// Kinds of DSN, as bits of recipient.dsn (due) and recipient.told (written or suppressed).
namespace dsn {
enum : uint8_t { failed = 1, delayed = 2, delivered = 4, relayed = 8, expanded = 16 };
}

/// What an operator wants of a recipient whose attempt has not ended.
enum class Wish : uint8_t {
  none = 0,
  hold = 1,
  bounce = 2,
  cancel = 3,
  reroute = 4,  ///< its destination is the new one already
};

/// A recipient that is about to be stored.
struct NewRecipient {
  smtp::Address address;  ///< of the envelope, or the target of an expansion
  smtp::Address target;   ///< what mda or the other server is asked for: the same unless captured or a bounce
  State state = State::waiting;
  int64_t due_ms = 0;       ///< 0: waits on the link
  std::string destination;  ///< of mail for other servers (route.h); "" = mda
  std::string mailbox;      ///< account + detail, or a foreign address; "" when an alias decides
  std::string prefix;       ///< fields for this destination alone
  std::string reason;
  smtp::RcptParameters parameters;
  int64_t parent = 0;  ///< recipient row it was expanded from
  int depth = 0;
  std::string ancestry;  ///< addresses above it, one a line
};

/// A stored recipient.
struct Recipient {
  int64_t row = 0;
  int64_t message = 0;  ///< key of the message row
  smtp::Address address, target;
  State state = State::none;
  int64_t due_ms = 0;       ///< 0: waits on the link
  int64_t destination = 0;  ///< key of its destination; 0 = mda
  int attempts = 0;         ///< failed ones
  bool offered = false;     ///< mda may have an intent for it
  Wish wish = Wish::none;
  std::string wish_by;
  int64_t parent = 0;
  int depth = 0;
  std::string ancestry, mailbox, prefix, reason, status;
  smtp::RcptParameters parameters;
  uint8_t dsn_due = 0, dsn_told = 0;
  std::string remote_host, remote_words;  ///< of the last attempt, for DSNs
  int64_t last_attempt_ms = 0;            ///< 0 = none
};

}  // namespace futar::mta
