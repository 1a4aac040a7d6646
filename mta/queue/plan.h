// How the recipients of an envelope, or the targets of an alias, are to be stored. Pure.
#pragma once
#include <string>
#include <vector>

#include "common/message/envelope.h"
#include "mta/queue/recipient.h"
#include "mta/route/route.h"

namespace futar::mta {

struct PlanInput {
  const RouteRules& rules;
  const directory::Directory& directory;
  smtp::Address sender;
  std::string hold_reason;  ///< not "": all are held
  bool slot_free = false;   ///< store in flight what mda can take at once
  int64_t now_ms = 0;       ///< when mail for other servers becomes due
};

/// One NewRecipient each, in order. The second recipient for the same mailbox and detail is a duplicate. What
/// nobody here has (possible when msa accepted it before the directory changed) goes to mda, which refuses it
/// with a reason.
std::vector<NewRecipient> plan(const PlanInput& input, const std::vector<message::Recipient>& recipients);

}  // namespace futar::mta
