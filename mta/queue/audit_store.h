// What the audit reads of the queue: sums, and what must not be. Read-only; seconds for a million messages.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/store/database.h"

namespace futar::mta {

/// Equation (a) of design §5, in sums: accepted + added = terminal + waiting + in flight + held. What
/// retention took away counts as it did when it was there.
struct Census {
  int64_t messages = 0, accepted = 0, added = 0, terminal = 0, waiting = 0, in_flight = 0, held = 0;
};
struct Audited {
  Census census;
  /// What must not be: recipients, bodies and children that belong to nothing, messages with too few
  /// recipients, open ones without content and ended ones with it, waiting for nowhere, DSNs told neither by
  /// an id nor by a rule, damaged rows. Each as a sentence.
  std::vector<std::string> problems;
};
Result<Audited> audit_queue(store::Database& database);

}  // namespace futar::mta
