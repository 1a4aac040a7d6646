// What `futar audit --repair` may do to the queue: nothing that could lose or double a message.
#pragma once
#include <string>
#include <vector>

#include "common/spool/body_audit.h"
#include "common/store/database.h"

namespace futar::mta {

/// Recipients that wait without content are held; those in no legal state, or at no destination, are
/// scheduled; the content of what has ended goes. Each in the trace of its message, with the operator's name.
/// `missing`: body files that are not there.
Result<spool::Repaired> repair_queue(store::Database& database, const std::vector<std::string>& missing,
                                     const std::string& by, int64_t now_ms);

}  // namespace futar::mta
