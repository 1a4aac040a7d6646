// Reading the queue for people: one message's way, the census behind status and audit.
#pragma once
#include <string>
#include <vector>

#include "common/event/event.h"
#include "common/spool/trace_query.h"
#include "common/store/database.h"
#include "mta/queue/recipient.h"

namespace futar::mta {

struct Traced {
  spool::Summary summary;
  std::vector<Recipient> recipients;
  std::vector<event::Event> events;
};

Result<std::vector<Traced>> find_traced(store::Database& database, const spool::TraceQuery& query,
                                        size_t limit);

/// Equation (a) of design §5, in sums: accepted + added = terminal + waiting + in flight + held.
struct Census {
  int64_t messages = 0, accepted = 0, added = 0, terminal = 0, waiting = 0, in_flight = 0, held = 0;
  int64_t oldest_ms = 0;  ///< acceptance of the oldest open message, 0 if none
};
Result<Census> take_census(store::Database& database);

/// What must not be: recipients, bodies and children that belong to nothing, messages with too few
/// recipients, open ones without content and ended ones with it, waiting for nowhere, DSNs told neither by an
/// id nor by a rule, damaged rows. Each as a sentence.
Result<std::vector<std::string>> find_problems(store::Database& database);

}  // namespace futar::mta
