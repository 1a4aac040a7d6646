// Who listens on a port of this machine, as /proc tells it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/address.h"

namespace futar::deploy {

struct Listening {
  net::Endpoint endpoint;
  uint64_t inode = 0;
};
/// The listening sockets in the text of /proc/net/tcp or tcp6 (proc(5)); other lines are passed over. Pure.
std::vector<Listening> parse_listening(std::string_view text);

/// A sentence for each of `endpoints` that somebody else holds already, with the program and its pid where
/// we may see them. Our own agents, systemd for them, and whoever started us do not count.
std::vector<std::string> taken_ports(const std::vector<std::string>& endpoints);

}  // namespace futar::deploy
