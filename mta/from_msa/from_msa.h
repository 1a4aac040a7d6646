// The receiving end of submission: what msa hands over goes into the queue, each message once.
#pragma once
#include <memory>

#include "mta/queue/queue.h"
#include "proto/link/link.h"

namespace futar::mta {

/// What the link asks, answered by the queue. The queue and the spool outlive the receiver.
proto::SubmissionSink submission_sink(Queue& queue, spool::Folder& spool);

}  // namespace futar::mta
