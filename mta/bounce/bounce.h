// Who is told what became of a message (RFC 3461 §5.2, §6), and the message that tells. Pure: mta/queue knows
// when.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/message/envelope.h"
#include "common/message/report.h"

namespace futar::mta {

constexpr size_t max_returned =
    64 * 1024;  ///< octets of an original that come back whole; a larger one as its header

/// Why this outcome of a recipient is not told; none: a notification is due.
std::optional<std::string_view> suppressed(const smtp::Address& reverse_path, smtp::Notify notify,
                                           message::Action action);

/// The message that is told about.
struct Original {
  MessageId id;
  message::Envelope envelope;  ///< its recipients are not read
  std::string_view header;     ///< with its empty line; "" when it is gone
  std::string_view body;       ///< "" when not at hand: then only the header goes back
  int64_t accepted_ms = 0;
};

/// Who tells, and when.
struct Teller {
  std::string host;
  MessageId id;  ///< of the notification
  int64_t now_ms = 0;
  int zone_minutes = 0;
};

/// A message of its own, ready for the queue: from <> to the sender, NOTIFY=NEVER, since nobody is told about
/// it.
struct Bounce {
  message::Envelope envelope;
  std::string header;  ///< with our Received and the empty line
  std::string body;
};

/// `due`: the recipients that are told about, at least one, none suppressed. The body goes back when one has
/// failed and RET says FULL (RFC 3461 §4.3), or says nothing and the whole is small.
Bounce compose(const Teller& teller, const Original& original, std::vector<message::ReportedRecipient> due);

}  // namespace futar::mta
