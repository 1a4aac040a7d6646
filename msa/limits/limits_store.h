// The counts of limits.h in msa.db: table sent(login, span, recipients).
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "common/store/database.h"

namespace futar::msa {

/// Makes the table, forgets spans before `oldest`, and calls `each` for the rest.
Result<void> load_sent(
    store::Database& database, int64_t oldest,
    const std::function<void(const std::string& login, int64_t span, uint64_t recipients)>& each);
/// Sets the count of a span; the count, not a difference, because a job may run twice.
Result<void> store_sent(store::Database& database, const std::string& login, int64_t span,
                        uint64_t recipients);

}  // namespace futar::msa
