// Clients whose address a container's gateway hides: what reaches a published port through a proxy of the
// container engine comes from the gateway, whoever sent it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/net/address.h"

namespace futar::net {

/// The default gateways in a text of the form of /proc/net/route; lines that cannot be read are skipped.
std::vector<IpAddress> gateways_in_route(std::string_view route);
/// The same for /proc/net/ipv6_route.
std::vector<IpAddress> gateways_in_ipv6_route(std::string_view route);
/// Of this machine, now.
std::vector<IpAddress> default_gateways();

/// What says that this process runs in a container: /.dockerenv (Docker), /run/.containerenv (Podman), or a
/// cgroup of docker, libpod, kubepods or lxc in /proc/self/cgroup. "" when nothing does.
std::string container_sign();
/// The sign among the lines of /proc/self/cgroup; "" if none.
std::string sign_in_cgroup(std::string_view cgroup);

/// The gateways behind which clients hide. `container` is the setting of that name: "yes", "no", or "auto"
/// for container_sign().
std::vector<IpAddress> hiding_gateways(std::string_view container);

/// Refuses a network that is a hiding gateway and nothing else: whoever comes through it would be trusted.
Result<void> check_trust(std::string_view setting, const std::vector<std::string>& networks,
                         const std::vector<IpAddress>& gateways);

/// The hidden clients of one agent.
class HiddenClients {
 public:
  explicit HiddenClients(std::vector<IpAddress> gateways = {}) : gateways_(std::move(gateways)) {}
  bool covers(const IpAddress& client) const;
  /// Counts a connection if its client is hidden, and warns of the first.
  void count(const IpAddress& client);
  uint64_t counted() const { return counted_; }
  const std::string& newest() const { return newest_; }  ///< the gateway that the last one came through

 private:
  std::vector<IpAddress> gateways_;
  uint64_t counted_ = 0;
  std::string newest_;
};

}  // namespace futar::net
