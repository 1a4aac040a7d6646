// A ledger from a backup is a little older than the mailboxes beside it (they are copied after it): what came
// into them meanwhile is in no record, and would be delivered again.
#pragma once
#include <string>

#include "common/base/result.h"
#include "common/store/copy.h"
#include "common/store/database.h"

namespace futar::mda {

/// Adds a record for each message of the time of the backup that lies in a mailbox and that the ledger does
/// not know, under a sender of its own; it is found by message id and recipient when mta asks. Blocking, at
/// start, in a transaction.
Result<void> adopt_delivered(store::Database& database, const std::string& mailboxes,
                             const store::Restored& restored);

}  // namespace futar::mda
