// Whom to ask: the words of the config as values, and the ways in which one may ask. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::dns {

/// The addresses of the nameserver lines of resolv.conf(5), in order. Other lines and broken ones are passed
/// over.
std::vector<std::string> parse_resolv_conf(std::string_view text);

/// Forwarders in libunbound's form, ADDRESS@PORT.
struct Servers {
  std::vector<std::string> forwarders;
  bool named = true;  ///< each by the operator, none by resolv.conf: then nobody else is asked in their place
};
/// `servers` as in dns.servers, "resolv.conf" standing for what its text names.
Result<Servers> parse_servers(const std::vector<std::string>& servers, std::string_view resolv_conf);

/// The zone of the first DS or DNSKEY in an anchor file, in the form of a zone file; the root's when there is
/// none.
std::string anchor_zone(std::string_view text);

enum class Way : uint8_t {
  forward,        ///< the forwarders are asked, we validate
  recurse,        ///< the authoritative servers are asked, we validate
  forward_plain,  ///< the forwarders lose what DNSSEC needs: they are asked, nothing is validated
};
/// In the order in which to try them.
std::vector<Way> ways(const Servers& servers);
/// For `futar status`; `proven`: somebody has answered this way.
std::string describe(Way way, const Servers& servers, bool proven);

}  // namespace futar::dns
