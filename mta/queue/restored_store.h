// mta.db put back from a backup: the old machine may have gone on, so nothing of it leaves by itself.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/store/copy.h"
#include "common/store/database.h"
#include "mta/queue/recipient.h"

namespace futar::mta {

/// Of the recipient rows toward mda; a new one for each backup that was put back.
Result<int64_t> delivery_epoch(store::Database& database);

/// A new epoch. What is open toward other servers is held. What is open toward mda is asked for with the wish
/// to hold it: mda's books are the younger ones, so what they know as delivered ends so, and the rest is
/// held. Notifications that are due will be held, too. After return_in_flight().
Result<void> adopt_restored(store::Database& database, const store::Restored& restored);

/// Why what comes of this message (notifications) is to be held; "" if it need not be.
Result<std::string> restored_reason_of(store::Database& database, int64_t message);
/// A person let it go: what comes of it goes as well.
Result<void> forget_restored(store::Database& database, int64_t message);

}  // namespace futar::mta
