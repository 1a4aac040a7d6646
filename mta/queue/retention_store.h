// What becomes of old history in mta.db: it is deleted from the low end, and counted.
#pragma once
#include <cstdint>

#include "common/spool/retention.h"
#include "common/store/database.h"

namespace futar::mta {

/// What retention has taken away so far: messages and their recipients, all of them terminal.
struct Retired {
  int64_t messages = 0, accepted = 0, added = 0;
};
Result<Retired> load_retired(store::Database& database);

/// A step of spool::Retention: of the `limit` messages behind `after`, deletes those that ended before
/// before_ms, with their recipients, notifications and events. What is open stays.
Result<spool::Forgotten> forget_history(store::Database& database, int64_t before_ms, int64_t after,
                                        size_t limit);
/// Of what an instance handed over in this epoch and has confirmed (sequences below `below`), and of its
/// older epochs, deletes up to `limit` entries of messages from before before_ms. Returns their number.
Result<int64_t> forget_seen(store::Database& database, std::string_view instance, int64_t epoch,
                            int64_t below, int64_t before_ms, size_t limit);

}  // namespace futar::mta
