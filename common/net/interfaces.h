// The addresses of this machine.
#pragma once
#include <vector>

#include "common/net/address.h"

namespace futar::net {

/// Of all interfaces, loopback too. Empty when the system does not tell.
std::vector<IpAddress> interface_addresses();

}  // namespace futar::net
