// How long the queue is, by its indexes: cheap however long the history.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/store/database.h"

namespace futar::mta {

struct QueueLength {
  int64_t for_mda = 0, for_others = 0;  ///< recipients that wait
  int64_t held = 0;
  int64_t oldest_ms = 0;  ///< acceptance of the message whose recipient waits longest, 0 = none waits
};
Result<QueueLength> queue_length(store::Database& database);

/// Sums of what is open, in flight included, for `futar status`.
struct OpenCounts {
  int64_t waiting = 0, in_flight = 0, held = 0;
  int64_t oldest_ms = 0;  ///< acceptance of the message of the recipient that is open longest, 0 = none
};
Result<OpenCounts> count_open(store::Database& database);

/// What is open for one destination, or for one domain of ours: a line of `futar queue`.
struct DestinationLength {
  std::string name;
  int64_t all = 0, under_1h = 0, under_4h = 0, under_1d = 0, older = 0;  ///< by the age of their messages
  int64_t held = 0;
  int64_t next_ms = 0;  ///< the next attempt, 0 = none has a time
  int64_t newest = 0;   ///< the row whose attempt was the last
};
/// Sorted by name. One pass over what is open, whatever the history.
Result<std::vector<DestinationLength>> length_by_destination(store::Database& database, int64_t now_ms);

}  // namespace futar::mta
