#include "mta/outbound/ourselves.h"

#include <algorithm>

#include "common/dns/reverse.h"

namespace futar::mta {
namespace {

constexpr int64_t hour_ms = 3'600'000;

// 2000::/3; beside it stand loopback, link-local, and the private fc00::/7.
bool is_global_ipv6(const net::IpAddress& address) {
  return !address.is_v4() && (static_cast<uint8_t>(address.octets()[0]) & 0xe0) == 0x20;
}

}  // namespace

std::vector<net::Endpoint> reached_at(const std::vector<net::Endpoint>& listeners,
                                      const std::vector<net::IpAddress>& machine) {
  std::vector<net::Endpoint> all;
  for (const net::Endpoint& listener : listeners) {
    all.push_back(listener);
    if (!listener.address.is_any()) continue;
    for (const net::IpAddress& address : machine)
      if (address.is_v4() == listener.address.is_v4()) all.push_back({address, listener.port});
  }
  return all;
}

Task<bool> is_ipv6_proven(dns::Resolver& resolver, std::vector<net::IpAddress> machine) {
  bool proven = false;
  for (const net::IpAddress& address : machine) {
    if (!is_global_ipv6(address)) continue;
    proven = co_await dns::confirmed_reverse(resolver, address, nullptr);
    if (!proven) break;
  }
  co_return proven;
}

Task<> until_ipv6_is_proven(net::Loop& loop, dns::Resolver& resolver, Addresses machine, int64_t wait_ms) {
  for (; !co_await is_ipv6_proven(resolver, machine()); wait_ms = std::min(wait_ms * 2, hour_ms))
    co_await loop.sleep(wait_ms);
}

}  // namespace futar::mta
