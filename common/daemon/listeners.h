// The sockets of msa.listen and mta.listen, and those on paths: the supervisor's, else bound while we may
// still bind low ports.
#pragma once
#include <vector>

#include "common/base/file.h"
#include "common/config/config.h"
#include "common/config/listen.h"
#include "common/daemon/passed.h"
#include "common/net/address.h"

namespace futar::daemon {

struct Bound {
  Fd socket;
  config::Listen listen;
};

/// Each entry as the supervisor passed it, else bound now; the IPv6 half of "*" may fail on a machine without
/// IPv6. Fewer sockets than entries come back where one passed socket stands for both halves of "*".
Result<std::vector<Bound>> bind_listeners(const config::List& entries, PassedSockets& passed);
/// The socket at `path` as the supervisor passed it, else bound now with this mode.
Result<Fd> bind_local(const std::string& path, unsigned mode, PassedSockets& passed);

/// The entries of a list of networks, such as mta.proxy_from.
Result<std::vector<net::Network>> networks(const config::List& entries);

}  // namespace futar::daemon
