#include "common/daemon/passed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "common/base/text.h"
#include "common/net/listener.h"

namespace futar::daemon {
namespace {

constexpr int first_descriptor = 3;   // SD_LISTEN_FDS_START
constexpr uint64_t most_passed = 64;  // far above what any config lists

int socket_option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

Result<PassedSockets::Passed> PassedSockets::look_at(int descriptor) {
  Passed passed;
  passed.socket = Fd(descriptor);
  if (socket_option(descriptor, SOL_SOCKET, SO_TYPE) != SOCK_STREAM ||
      socket_option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) != 1)
    return fail(Error::permanent(fmt::format(
        "descriptor {} from the supervisor is no listening stream socket (LISTEN_FDS)", descriptor)));
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
    return fail(errno_error(errno, "fcntl of a passed socket"));
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return fail(errno_error(errno, "getsockname of a passed socket"));
  if (address.ss_family == AF_UNIX)
    passed.path = reinterpret_cast<const sockaddr_un&>(address).sun_path;
  else
    passed.endpoint = TRY(net::local_endpoint(passed.socket));
  passed.takes_ipv4 =
      address.ss_family == AF_INET6 && socket_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
  return passed;
}

Result<PassedSockets> PassedSockets::take() {
  PassedSockets taken;
  const char* process = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  const auto wanted = process ? parse_number(process) : std::nullopt;
  const auto number = count ? parse_number(count) : std::nullopt;
  const bool are_ours = wanted && number && *wanted == static_cast<uint64_t>(::getpid());
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  if (!are_ours) return taken;
  if (*number > most_passed)
    return fail(Error::permanent(fmt::format("LISTEN_FDS={}: too many sockets", *number)));
  for (int i = 0; i < static_cast<int>(*number); ++i)
    taken.sockets_.push_back(TRY(look_at(first_descriptor + i)));
  return taken;
}

PassedSockets::Found PassedSockets::give(Passed& passed) {
  passed.is_used = true;
  return {true, std::move(passed.socket)};
}

PassedSockets::Found PassedSockets::find(const net::Endpoint& endpoint) {
  for (Passed& passed : sockets_)
    if (passed.path.empty() && passed.endpoint.port == endpoint.port &&
        passed.endpoint.address == endpoint.address)
      return give(passed);
  if (!endpoint.address.is_v4() || !endpoint.address.is_any()) return {};
  for (Passed& passed : sockets_)
    if (passed.takes_ipv4 && passed.endpoint.port == endpoint.port && passed.endpoint.address.is_any())
      return give(passed);
  return {};
}

PassedSockets::Found PassedSockets::find(const std::string& unix_path) {
  for (Passed& passed : sockets_)
    if (passed.path == unix_path) return give(passed);
  return {};
}

std::vector<std::string> PassedSockets::unused() const {
  std::vector<std::string> words;
  for (const Passed& passed : sockets_)
    if (!passed.is_used) words.push_back(passed.path.empty() ? passed.endpoint.text() : passed.path);
  return words;
}

}  // namespace futar::daemon
