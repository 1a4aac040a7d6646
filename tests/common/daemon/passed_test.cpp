#include "common/daemon/passed.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "common/daemon/listeners.h"
#include "common/net/listener.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;

namespace {

constexpr int first = 3;

Fd listening(int family, bool v6_only = true) {
  Fd fd(::socket(family, SOCK_STREAM, 0));
  const int only = v6_only;
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  const socklen_t size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(fd.get(), 5) == 0);
  return fd;
}

// As a supervisor leaves it: descriptors from 3 on, and LISTEN_PID names the process. In a child, since 3 is
// somebody's here. The deed's result is the child's exit status; 99 stands for an error of take().
int in_child(const std::vector<const Fd*>& sockets, int (*deed)(daemon::PassedSockets&), int pid_offset = 0) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<int> far;
    for (const Fd* socket : sockets) far.push_back(::fcntl(socket->get(), F_DUPFD, 100));
    for (size_t i = 0; i < far.size(); ++i) ::dup2(far[i], first + static_cast<int>(i));
    ::setenv("LISTEN_FDS", std::to_string(sockets.size()).c_str(), 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid() + pid_offset).c_str(), 1);
    auto passed = daemon::PassedSockets::take();
    if (std::getenv("LISTEN_FDS") || std::getenv("LISTEN_PID")) ::_exit(98);
    ::_exit(passed ? deed(*passed) : 99);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string entry(const Fd& socket, const char* host) {
  const auto endpoint = net::local_endpoint(socket);
  REQUIRE(endpoint);
  return fmt::format("{}:{}", host, endpoint->port);
}

std::string entry_of_child;  // the deed is a plain function

}  // namespace

TEST_CASE("a passed socket stands for its entry, and neither blocks nor is inherited") {
  const Fd socket = listening(AF_INET);
  entry_of_child = entry(socket, "0.0.0.0");
  CHECK(in_child({&socket}, [](daemon::PassedSockets& passed) {
          const auto bound = daemon::bind_listeners({entry_of_child}, passed);
          if (!bound || bound->size() != 1) return 1;
          const int fd = bound->front().socket.get();
          if (fd != first) return 2;
          if (!(::fcntl(fd, F_GETFL) & O_NONBLOCK) || !(::fcntl(fd, F_GETFD) & FD_CLOEXEC)) return 3;
          return passed.unused().empty() ? 0 : 4;
        }) == 0);
}

TEST_CASE("one socket of both families stands for both halves of *") {
  const Fd socket = listening(AF_INET6, false);
  entry_of_child = entry(socket, "*");
  CHECK(in_child({&socket}, [](daemon::PassedSockets& passed) {
          const auto bound = daemon::bind_listeners({entry_of_child}, passed);
          return bound && bound->size() == 1 && bound->front().socket.get() == first ? 0 : 1;
        }) == 0);
}

TEST_CASE("a socket of IPv6 alone does not stand for IPv4") {
  const Fd socket = listening(AF_INET6);
  entry_of_child = entry(socket, "*");
  CHECK(in_child({&socket}, [](daemon::PassedSockets& passed) {
          const auto bound = daemon::bind_listeners({entry_of_child}, passed);
          return bound && bound->size() == 2 && bound->back().socket.get() == first ? 0 : 1;
        }) == 0);
}

TEST_CASE("what is listened on and not wanted is named") {
  const Fd wanted = listening(AF_INET), other = listening(AF_INET);
  entry_of_child = entry(wanted, "0.0.0.0");
  CHECK(in_child({&other, &wanted}, [](daemon::PassedSockets& passed) {
          const auto bound = daemon::bind_listeners({entry_of_child}, passed);
          if (!bound || bound->front().socket.get() != first + 1) return 1;
          const auto unused = passed.unused();
          return unused.size() == 1 && unused[0].starts_with("0.0.0.0:") && unused[0] != entry_of_child ? 0
                                                                                                        : 2;
        }) == 0);
}

TEST_CASE("a UNIX socket is found by its path, and stays where it is") {
  const TempFolder folder;
  const auto socket = net::bind_unix(folder.path() + "/submit", 0600);
  REQUIRE(socket);
  // bind_unix renames, so the kernel knows the socket by its first name.
  entry_of_child = folder.path() + "/submit.new";
  CHECK(in_child({&*socket}, [](daemon::PassedSockets& passed) {
          const auto local = daemon::bind_local(entry_of_child, 0666, passed);
          return local && local->get() == first && passed.unused().empty() ? 0 : 1;
        }) == 0);
}

TEST_CASE("sockets for another process are none for us") {
  const Fd socket = listening(AF_INET);
  const auto nothing = [](daemon::PassedSockets& passed) { return passed.unused().empty() ? 0 : 1; };
  CHECK(in_child({&socket}, nothing, 1) == 0);
  CHECK(in_child({&socket}, nothing) == 1);
}

TEST_CASE("what is no listening socket is refused") {
  const Fd unbound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Fd datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const Fd* wrong : {&unbound, &datagrams, &file})
    CHECK(in_child({wrong}, [](daemon::PassedSockets&) { return 0; }) == 99);
}
