// How long the queue is, by its indexes: cheap however long the history.
#pragma once
#include <cstdint>

#include "common/store/database.h"

namespace futar::mta {

struct QueueLength {
  int64_t for_mda = 0, for_others = 0;  ///< recipients that wait
  int64_t held = 0;
  int64_t oldest_ms = 0;  ///< acceptance of the message whose recipient waits longest, 0 = none waits
};
Result<QueueLength> queue_length(store::Database& database);

}  // namespace futar::mta
