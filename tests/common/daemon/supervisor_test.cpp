#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "common/daemon/daemon.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;

namespace {

// The supervisor's end of NOTIFY_SOCKET; '@' begins an abstract name.
Fd supervisor(const std::string& name) {
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  return fd;
}

std::string heard(const Fd& supervisor) {
  char buffer[64];
  const ssize_t size = ::recv(supervisor.get(), buffer, sizeof buffer, 0);
  return size < 0 ? "" : std::string(buffer, static_cast<size_t>(size));
}

}  // namespace

TEST_CASE("the supervisor hears each state, by a path or an abstract name") {
  const TempFolder folder;
  for (const std::string& name : {folder.path() + "/notify", "@futar-test-" + std::to_string(::getpid())}) {
    const Fd socket = supervisor(name);
    daemon::notify("READY=1");
    CHECK(heard(socket) == "READY=1");
    daemon::notify("WATCHDOG=1");
    CHECK(heard(socket) == "WATCHDOG=1");
  }
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("the watchdog's time is in microseconds, and may be another process's") {
  CHECK_FALSE(daemon::watchdog_ms());
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  CHECK(daemon::watchdog_ms() == 30'000);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(daemon::watchdog_ms() == 30'000);
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(daemon::watchdog_ms());
  ::unsetenv("WATCHDOG_PID");
  for (const char* wrong : {"", "0", "soon", "-1", "18446744073709551615"}) {
    ::setenv("WATCHDOG_USEC", wrong, 1);
    CHECK_FALSE(daemon::watchdog_ms());
  }
  ::unsetenv("WATCHDOG_USEC");
}
