#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/daemon/daemon.h"

using namespace futar;

namespace {

bool can_bind_low_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (uint16_t port = 600; port < 620; ++port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    if (errno == EACCES) return false;
  }
  return false;
}

// Runs it in a child, since there is no way back; the child's exit status tells.
int in_child(int (*deed)()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(deed());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("who was root is the user at once, binds low ports until it gives them up, and cannot go back") {
  if (::getuid() != 0) {
    MESSAGE("only root can become another");
    return;
  }
  CHECK(in_child([] {
          const passwd* nobody = ::getpwnam("nobody");
          if (!nobody || !daemon::become(*nobody)) return 1;
          if (::getuid() != nobody->pw_uid || ::geteuid() != nobody->pw_uid || ::getegid() != nobody->pw_gid)
            return 2;
          if (::open("/etc/shadow", O_RDONLY) >= 0) return 3;
          if (!can_bind_low_port()) return 4;
          if (!daemon::give_up_ports()) return 5;
          if (can_bind_low_port()) return 6;
          if (::setuid(0) == 0 || ::getgroups(0, nullptr) > 1) return 7;
          return 0;
        }) == 0);
}
