// The sockets of msa.listen and mta.listen, bound while we may still bind low ports.
#pragma once
#include <vector>

#include "common/base/file.h"
#include "common/config/config.h"
#include "common/config/listen.h"

namespace futar::daemon {

struct Bound {
  Fd socket;
  config::Listen listen;
};

/// Binds each entry; the IPv6 half of "*" may fail on a machine without IPv6.
Result<std::vector<Bound>> bind_listeners(const config::List& entries);

}  // namespace futar::daemon
