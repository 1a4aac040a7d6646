// Sockets that a supervisor keeps open and hands to each new process, so that a restart refuses no
// connection: sd_listen_fds(3).
#pragma once
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/net/address.h"

namespace futar::daemon {

class PassedSockets {
 public:
  /// Those from descriptor 3 on that LISTEN_FDS counts, when LISTEN_PID is this process; none otherwise. They
  /// become non-blocking and close-on-exec, and the variables go out of the environment. An error (permanent)
  /// when one of them is no listening stream socket. To be called once, before other descriptors are opened.
  static Result<PassedSockets> take();

  struct Found {
    bool is_there = false;
    Fd socket;  ///< closed when an earlier call has given it away: "[::]:25" may be IPv4's socket too
  };
  /// The socket for this endpoint: one of that address and port, else for 0.0.0.0 one of [::] that takes IPv4
  /// too, as systemd's ListenStream=25 makes it.
  Found find(const net::Endpoint& endpoint);
  Found find(const std::string& unix_path);

  /// In words, those that nobody asked for: "[::]:465".
  std::vector<std::string> unused() const;

 private:
  struct Passed {
    Fd socket;
    net::Endpoint endpoint;
    std::string path;  ///< of a UNIX socket
    bool takes_ipv4 = false;
    bool is_used = false;
  };
  static Result<Passed> look_at(int descriptor);
  static Found give(Passed& passed);
  std::vector<Passed> sockets_;
};

}  // namespace futar::daemon
