// Which addresses are ours: by which we know ourselves in an MX list, and from which we may send.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "common/base/async.h"
#include "common/dns/resolver.h"
#include "common/net/address.h"
#include "common/net/loop.h"

namespace futar::mta {

/// Where listeners are reached on a machine with these addresses; one at 0.0.0.0 or :: is followed by each of
/// its family.
std::vector<net::Endpoint> reached_at(const std::vector<net::Endpoint>& listeners,
                                      const std::vector<net::IpAddress>& machine);

/// There is a global IPv6 address, and each, since the kernel may send from any, has a name that leads back
/// to it: without that the large receivers refuse mail by IPv6.
Task<bool> is_ipv6_proven(dns::Resolver& resolver, std::vector<net::IpAddress> machine);

using Addresses = std::function<std::vector<net::IpAddress>()>;
/// Ends when it is, however late. Asks again after `wait_ms`, then after twice that, at least once an hour.
Task<> until_ipv6_is_proven(net::Loop& loop, dns::Resolver& resolver, Addresses machine,
                            int64_t wait_ms = 60'000);

}  // namespace futar::mta
