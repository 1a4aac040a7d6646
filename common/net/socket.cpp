#include "common/net/socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "common/net/listener.h"

namespace futar::net {
namespace {

Endpoint from_kernel(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    return {IpAddress::v4(reinterpret_cast<const uint8_t*>(&in.sin_addr)), ntohs(in.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    return {IpAddress::v6(in.sin6_addr.s6_addr), ntohs(in.sin6_port)};
  }
  return {};
}

Endpoint endpoint_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return from_kernel(storage);
}

void set_option(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

Result<Fd> bind_and_listen(Fd fd, const SocketAddress& address, std::string_view name) {
  if (bind(fd.get(), address.get(), address.size) != 0)
    return fail(errno_error(errno, fmt::format("bind {}", name)));
  if (listen(fd.get(), SOMAXCONN) != 0) return fail(errno_error(errno, fmt::format("listen {}", name)));
  return fd;
}

Result<Fd> bind_ip(const Endpoint& endpoint, bool v6_only) {
  const SocketAddress address = to_kernel(endpoint);
  Fd fd = TRY(open_socket(address));
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (!endpoint.address.is_v4()) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, v6_only);
  return bind_and_listen(std::move(fd), address, endpoint.text());
}

}  // namespace

SocketAddress to_kernel(const Endpoint& endpoint) {
  SocketAddress result;
  const auto octets = endpoint.address.octets();
  if (endpoint.address.is_v4()) {
    auto& in = reinterpret_cast<sockaddr_in&>(result.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, octets.data(), octets.size());
    result.size = sizeof in;
  } else {
    auto& in = reinterpret_cast<sockaddr_in6&>(result.storage);
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    std::memcpy(&in.sin6_addr, octets.data(), octets.size());
    result.size = sizeof in;
  }
  return result;
}

Result<SocketAddress> to_kernel(const std::string& unix_path) {
  SocketAddress result;
  auto& un = reinterpret_cast<sockaddr_un&>(result.storage);
  if (unix_path.size() >= sizeof un.sun_path)
    return fail(Error::permanent(
        fmt::format("socket path longer than {} octets: {}", sizeof un.sun_path - 1, unix_path)));
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, unix_path.data(), unix_path.size());
  result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + unix_path.size() + 1);
  return result;
}

Endpoint peer_endpoint(int fd) { return endpoint_of(fd, getpeername); }
Endpoint own_endpoint(int fd) { return endpoint_of(fd, getsockname); }

std::optional<uint32_t> unix_peer_uid(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  int domain = 0;
  socklen_t domain_size = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) != 0 || domain != AF_UNIX)
    return std::nullopt;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

Result<Fd> open_socket(const SocketAddress& address) {
  Fd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail(errno_error(errno, "socket"));
  return fd;
}

void set_no_delay(int fd) { set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

Result<Endpoint> local_endpoint(const Fd& socket) {
  const Endpoint endpoint = own_endpoint(socket.get());
  if (endpoint.address.octets().empty()) return fail(Error::permanent("not an IP socket"));
  return endpoint;
}

Result<Fd> bind_tcp(const Endpoint& endpoint) {
  const bool wildcard = endpoint.address == TRY(IpAddress::parse("::"));
  auto bound = bind_ip(endpoint, !wildcard);
  // A config may list "0.0.0.0:25" before "[::]:25": then IPv4 has its own socket already.
  if (!bound && wildcard) return bind_ip(endpoint, true);
  return bound;
}

Result<Fd> bind_unix(const std::string& path, unsigned mode) {
  const std::string fresh = path + ".new";
  const SocketAddress address = TRY(to_kernel(fresh));
  unlink(fresh.c_str());
  Fd unbound = TRY(open_socket(address));
  fchmod(unbound.get(),
         mode & 0600);  // bind gives the file the mode of the socket's inode: never wider than this
  Fd fd = TRY(bind_and_listen(std::move(unbound), address, fresh));
  if (chmod(fresh.c_str(), mode) != 0) return fail(errno_error(errno, fmt::format("chmod {}", fresh)));
  // Replaces the socket of a dead predecessor in one step.
  if (rename(fresh.c_str(), path.c_str()) != 0)
    return fail(errno_error(errno, fmt::format("rename {}", fresh)));
  return fd;
}

}  // namespace futar::net
