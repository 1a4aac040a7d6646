// trace.keep at mta: messages, what was seen of msa, and the trail.
#pragma once
#include <memory>

#include "common/spool/retention.h"
#include "mta/queue/queue.h"

namespace futar::mta {

/// Queue and writer must outlive it.
std::unique_ptr<spool::Retention> history_retention(net::Loop& loop, store::Writer& writer,
                                                    const Queue& queue, spool::RetentionOptions options);

}  // namespace futar::mta
