// The log as a view of events: called after their commit.
#pragma once
#include <vector>

#include "common/base/ids.h"
#include "common/event/event.h"

namespace futar::daemon {

/// A line or two an event in Postfix's words, or with log.format = "json" one object with all fields.
void log_events(const MessageId& id, const std::vector<event::Event>& events);

}  // namespace futar::daemon
