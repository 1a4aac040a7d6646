// Which servers receive for a destination, in the order in which to try them (RFC 5321 §5.1, RFC 7505).
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/dns/resolver.h"
#include "common/net/address.h"

namespace futar::mta {

struct Host {
  std::string name;       ///< A-label, lower case; SNI, certificate, trace
  std::string canonical;  ///< where its CNAME led, else the name (RFC 7672 §2.2.2)
  uint16_t preference = 0;
  std::vector<net::IpAddress> addresses;  ///< at least one, in the order to try
  bool mx_secure = false;                 ///< the MX record set was validated by DNSSEC
  bool address_secure = false;            ///< the address records were, and each CNAME on the way
};

/// Either hosts, or why there are none: a reason to wait, or one to give up.
struct HostList {
  enum class State : uint8_t { found, later, never };
  State state = State::later;
  std::vector<Host> hosts;
  std::string
      reason;  ///< in words: "remote.example receives at mx1.remote.example (its MX 10)", or what is wrong
  std::string status;  ///< enhanced status code of later and never: 4.4.3, 5.1.2, 5.1.10, 5.4.6
};

struct HostRules {
  std::vector<std::string>
      own_names;                   ///< our host names: in the MX list they and all that is not better are cut
  std::vector<net::Endpoint> own;  ///< where our listeners are reached: the same
  bool ipv4 = true, ipv6 = false;
  uint16_t port = 25;  ///< that will be connected to
};

/// `domain` in A-label form, or an address literal "[192.0.2.1]". At most 20 hosts of 16 addresses.
Task<HostList> find_hosts(dns::Resolver& resolver, std::string domain, const HostRules& rules,
                          std::mt19937& random);
/// One host by name, address or literal (smart host, routes): no MX is asked for.
Task<HostList> find_host(dns::Resolver& resolver, std::string name, const HostRules& rules);

}  // namespace futar::mta
