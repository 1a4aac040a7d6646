// A config that says another way: mail for other servers that waits goes there too. At start, before any is
// sent.
#pragma once
#include "common/directory/directory.h"
#include "common/store/database.h"
#include "mta/route/route.h"

namespace futar::mta {

/// If the rules are not those of the last start, asks route() again for each open recipient at another
/// server. Whose way is another is due at once there; what an operator sent another way stays. Returns how
/// many; a damaged row is left for the attempt, which sets it aside.
Result<size_t> replan(store::Database& database, const RouteRules& rules,
                      const directory::Directory& directory, int64_t now_ms);

}  // namespace futar::mta
