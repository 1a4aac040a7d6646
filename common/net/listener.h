// Accepts connections, counts them per client and in total, and waits for its sessions at shutdown.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/stream.h"

namespace futar::net {

enum class TlsMode { none, starttls, implicit };

struct ListenerOptions {
  size_t sessions = 1000;
  size_t sessions_per_client = 20;  ///< 0 = no limit; a client is an IPv4 address or an IPv6 /64
  std::function<bool(const IpAddress&)> unlimited;  ///< clients to which the limit per client does not apply
  std::vector<Network> proxies;  ///< from here each connection begins with a PROXY header, from others none
  int64_t proxy_patience_ms = 5000;  ///< for that header
  std::string over_limit_reply;      ///< written before the connection is closed, "421 4.7.0 ...\r\n"
};

/// Binds before the user is dropped; serves afterwards. "[::]" takes IPv4 too, unless the port is taken
/// there.
Result<Fd> bind_tcp(const Endpoint& endpoint);
/// Replaces what stands at path; the socket is never reachable with another mode.
Result<Fd> bind_unix(const std::string& path, unsigned mode);
Result<Endpoint> local_endpoint(const Fd& socket);  ///< which port the kernel chose for port 0

class Listener {
 public:
  using Session = std::function<Task<>(std::unique_ptr<Stream>)>;
  Listener(Loop& loop, Fd bound, ListenerOptions options, Session session);
  ~Listener();
  void start();
  /// Accepts no more, ends idle reads of sessions with Reason::shutdown; returns when the last session has
  /// ended or the grace time has passed.
  Task<> stop(int64_t grace_ms);
  size_t sessions() const;
  uint64_t accepted() const;
  uint64_t refused() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

size_t sessions(const std::vector<std::unique_ptr<Listener>>& listeners);  ///< of all of them

}  // namespace futar::net
