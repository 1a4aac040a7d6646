// How many files and sockets the system lets an agent have open.
#pragma once
#include <cstdint>
#include <string>

#include "common/config/config.h"

namespace futar::daemon {

/// Raises the soft limit (a shell or systemd leaves it at 1024) to the hard one, and returns that.
uint64_t raise_descriptor_limit();

/// What `AGENT.sessions` may need: a session has its socket and, while it receives a large body, a file. 0
/// for an agent without sessions.
uint64_t descriptors_for_sessions(const config::Config& config, const std::string& agent);

}  // namespace futar::daemon
