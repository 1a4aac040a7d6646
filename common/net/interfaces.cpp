#include "common/net/interfaces.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <memory>

namespace futar::net {

std::vector<IpAddress> interface_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned(list, freeifaddrs);
  std::vector<IpAddress> addresses;
  for (const ifaddrs* one = list; one; one = one->ifa_next) {
    if (!one->ifa_addr) continue;
    if (one->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      addresses.push_back(IpAddress::v4(reinterpret_cast<const uint8_t*>(&v4->sin_addr)));
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      addresses.push_back(IpAddress::v6(v6->sin6_addr.s6_addr));
    }
  }
  return addresses;
}

}  // namespace futar::net
