#include "deploy/futar/ports.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

using namespace futar;
using namespace futar::deploy;

namespace {

// A socket of 127.0.0.1 that listens, and its port.
std::pair<int, uint16_t> listening_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd, 1) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return {fd, ntohs(address.sin_port)};
}

}  // namespace

TEST_CASE("listening sockets are read from /proc/net/tcp and tcp6, connected ones are not") {
  const auto found = parse_listening(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 "
      "100\n"
      "   1: 0A0200C0:0019 057100CB:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 "
      "100\n"
      "   2: 00000000000000000000000000000000:01D1 00000000000000000000000000000000:0000 0A "
      "00000000:00000000 "
      "00:00000000 00000000     0        0 4713 1 0 100\n"
      "   3: B80D0120000000000000000001000000:0019 00000000000000000000000000000000:0000 0A "
      "00000000:00000000 "
      "00:00000000 00000000     0        0 4714 1 0 100\n"
      "   4: short\n");
  REQUIRE(found.size() == 3);
  CHECK(found[0].endpoint.text() == "127.0.0.1:25");
  CHECK(found[0].inode == 4711);
  CHECK(found[1].endpoint.address.is_any());
  CHECK(found[1].endpoint.port == 465);
  CHECK(found[2].endpoint.text() == "[2001:db8::1]:25");
}

TEST_CASE("who holds a port is named with program and pid; we ourselves do not count") {
  const auto [fd, port] = listening_socket();
  const std::string wanted = "127.0.0.1:" + std::to_string(port);
  CHECK(taken_ports({wanted}).empty());

  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  ::close(fd);
  for (const std::string& asked :
       {wanted, "0.0.0.0:" + std::to_string(port), "[::]:" + std::to_string(port)}) {
    const auto sentences = taken_ports({asked, asked});
    REQUIRE(sentences.size() == 1);
    CHECK(sentences[0].contains("port " + std::to_string(port) + " is taken by test_deploy_fut"));
    CHECK(sentences[0].contains("(pid " + std::to_string(child) + ")"));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(taken_ports({wanted}).empty());
}
