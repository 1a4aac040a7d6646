// The certificate an agent serves with.
#pragma once
#include <memory>

#include "common/daemon/daemon.h"
#include "common/net/tls_context.h"

namespace futar::daemon {

/// tls.certificate and tls.key; while they are not set, the self-signed pair that `futar init` made in
/// state_dir/tls, else one of the agent's own in its state folder, made now.
Result<std::shared_ptr<net::TlsContext>> open_tls(const Environment& environment);

}  // namespace futar::daemon
