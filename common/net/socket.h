// Sockets as descriptors: kernel addresses to values and back, options, binding. Internal to net,
// and for who blocks on a socket of its own (dns/single_server).
#pragma once
#include <sys/socket.h>
#include <sys/un.h>

#include <optional>

#include "common/base/file.h"
#include "common/net/address.h"

namespace futar::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_kernel(const Endpoint& endpoint);
Result<SocketAddress> to_kernel(const std::string& unix_path);
Endpoint peer_endpoint(int fd);  ///< without address for a UNIX socket or a peer that has gone
Endpoint own_endpoint(int fd);
std::optional<uint32_t> unix_peer_uid(int fd);
Result<Fd> open_socket(const SocketAddress& address);  ///< stream, non-blocking, close-on-exec
/// Replies are small and written whole: Nagle's algorithm would only delay them.
void set_no_delay(int fd);

}  // namespace futar::net
