// What an operator does to recipients: hold, release, retry, bounce, remove, reroute; and how they are
// selected and shown.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/event/event.h"
#include "common/store/database.h"
#include "mta/queue/recipient.h"
#include "mta/queue/remote.h"

namespace futar::mta {

enum class Act { retry, hold, release, bounce, remove };

/// Which recipients: all conditions that are set must hold.
struct Selection {
  std::vector<std::string> ids;  ///< whole ids, ends of at least 6 or starts of at least 10 characters
  std::string to, from;  ///< address, or @domain; `to` also a destination, such as the smart host's URL
  std::optional<State> state;
  std::string reason;    ///< part of it
  int64_t older_ms = 0;  ///< accepted longer ago than that
};

/// A recipient with what the operator wants to see of its message.
struct Listed {
  Recipient recipient;
  Destination destination;  ///< of mail for other servers; its name is "" for mda's
  MessageId id;
  smtp::Address from;
  uint64_t size = 0;
  int64_t accepted_ms = 0;
  int64_t next_ms() const;         ///< when it is tried again; 0 = no time is set
  std::string last_words() const;  ///< why it is not there: what the server said, in quotes, or the reason
};

/// Open recipients that match, oldest first.
Result<std::vector<Listed>> select_open(store::Database& database, const Selection& selection, int64_t now_ms,
                                        size_t limit);

/// Applies a wish to a recipient that waits or is held and that mda has no intent for.
Result<event::Event> act(store::Database& database, const Recipient& recipient, Wish wish,
                         std::string_view by, int64_t now_ms);

struct Acted {
  size_t done = 0;                 ///< changed now
  size_t wished = 0;               ///< in flight: will be done when the attempt ends
  size_t refused = 0;              ///< not in a state that allows it
  std::vector<std::string> files;  ///< of bodies that are not needed any more
};
Result<Acted> act_on(store::Database& database, const std::vector<Listed>& selected, Act act,
                     std::string_view by, int64_t now_ms);

/// Through another server, at once: `via` is the text of a HostUrl. What is held goes on, too; what is in
/// flight follows when its attempt has ended. What mda may have is refused.
Result<Acted> reroute(store::Database& database, const std::vector<Listed>& selected, std::string_view via,
                      std::string_view by, int64_t now_ms);

}  // namespace futar::mta
