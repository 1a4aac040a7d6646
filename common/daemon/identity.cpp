// Who we are to the system: the user that serves, and the supervisor that is told.
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/text.h"
#include "common/daemon/daemon.h"

namespace futar::daemon {

namespace {

// capset(2) of this thread: of what it has, only these rights stay. libcap would be a library for two calls.
Result<void> keep_rights(uint64_t wanted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct rights[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, rights) != 0) return fail(errno_error(errno, "capget"));
  for (size_t i = 0; i < std::size(rights); ++i) {
    rights[i].permitted &= static_cast<uint32_t>(wanted >> (32 * i));
    rights[i].effective = rights[i].permitted;
    rights[i].inheritable = 0;
  }
  if (::syscall(SYS_capset, &header, rights) != 0) return fail(errno_error(errno, "capset"));
  return {};
}

}  // namespace

Result<void> become(const passwd& user) {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || ::initgroups(user.pw_name, user.pw_gid) != 0 ||
      ::setgid(user.pw_gid) != 0 || ::setuid(user.pw_uid) != 0)
    return fail(errno_error(errno, fmt::format("become {}", user.pw_name)));
  ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
  return keep_rights(uint64_t{1} << CAP_NET_BIND_SERVICE);
}

Result<void> give_up_ports() { return keep_rights(0); }

// sd_notify(3) is one datagram; that is less than a library.
void notify(const std::string& state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (!path || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t size = std::strlen(path);
  if (size >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, size);
  if (path[0] == '@') address.sun_path[0] = '\0';
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           length);
}

std::optional<int64_t> watchdog_ms() {
  const char* interval = std::getenv("WATCHDOG_USEC");
  const char* process = std::getenv("WATCHDOG_PID");
  const auto microseconds = interval ? parse_number(interval) : std::nullopt;
  if (!microseconds || *microseconds < 1000 || *microseconds > INT64_MAX) return std::nullopt;
  if (process && parse_number(process) != static_cast<uint64_t>(::getpid())) return std::nullopt;
  return static_cast<int64_t>(*microseconds / 1000);
}

}  // namespace futar::daemon
