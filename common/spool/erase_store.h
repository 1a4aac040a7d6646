// Takes one address out of history that is over: `futar user remove --purge`. Rows and their counts stay.
#pragma once
#include <vector>

#include "common/smtp/address.h"
#include "common/store/database.h"

namespace futar::spool {

/// Sender, recipients, their parameters, login and events of a message whose content is gone. False: it is
/// still open, and nothing was changed.
Result<bool> erase_from_message(store::Database& database, int64_t key, const smtp::Address& address);
/// Messages whose envelope or login names the address, oldest first. Reads the whole history.
Result<std::vector<int64_t>> messages_naming(store::Database& database, const smtp::Address& address);
/// Refused mail that names it, all of it: at most 100 000 rows. Returns their number.
Result<int64_t> erase_from_refused(store::Database& database, const smtp::Address& address);

}  // namespace futar::spool
