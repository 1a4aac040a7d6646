// The operator's verb purge: an address goes out of mta's history.
#pragma once
#include "mta/verbs.h"

namespace futar::mta {

/// {"address"} -> {"messages", "open", "refused"}: from how much it was erased, and what is still under way.
Task<Result<nlohmann::json>> purge_verb(Subjects subjects, nlohmann::json arguments);

}  // namespace futar::mta
