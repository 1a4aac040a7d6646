// Reading the queue for people: the way of messages. The trail (mta/trail) says which are meant.
#pragma once
#include <string>
#include <vector>

#include "common/event/event.h"
#include "common/spool/trace_query.h"
#include "common/store/database.h"
#include "mta/queue/recipient.h"

namespace futar::mta {

struct Traced {
  spool::Summary summary;
  std::vector<Recipient> recipients;
  std::vector<event::Event> events;
};

Result<std::vector<Traced>> find_traced(store::Database& database, const spool::TraceQuery& query,
                                        size_t limit);

}  // namespace futar::mta
