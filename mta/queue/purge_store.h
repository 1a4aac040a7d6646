// Takes one address out of the queue's history: `futar user remove --purge`.
#pragma once
#include <vector>

#include "common/smtp/address.h"
#include "common/store/database.h"

namespace futar::mta {

/// Messages from or to the address, by alias too.
Result<std::vector<int64_t>> messages_of(store::Database& database, const smtp::Address& address);
/// The message's row, events and recipients. False: it is still open, and nothing was changed.
Result<bool> erase_from_history(store::Database& database, int64_t message, const smtp::Address& address);

}  // namespace futar::mta
