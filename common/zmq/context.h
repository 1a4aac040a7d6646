// ZeroMQ for the io thread: a context, sockets owned by one coroutine each, CURVE keys. Knows frames, not messages.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/net/loop.h"

namespace futar::zmq {

using Frames = std::vector<std::string>;

/// CURVE for tcp: our secret, and either the server's public key (we connect) or the list of pinned clients (we bind).
struct CurveKeys {
  std::string secret_file;       ///< Z85, our secret key
  std::string server_file;       ///< Z85, public key of the peer that binds; connecting side
  std::string allowed_file;      ///< Z85 public keys of clients, one a line; binding side; read anew at each handshake
};

class Context {
 public:
  explicit Context(net::Loop& loop);
  ~Context();
  void* get() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  friend class Socket;
};

enum class SocketKind { dealer, router };

struct SocketOptions {
  SocketKind kind = SocketKind::dealer;
  std::string endpoint;
  bool bind = false;
  unsigned ipc_mode = 0660;                ///< of a bound ipc socket
  std::optional<CurveKeys> curve;
  int64_t max_message = 4 << 20;           ///< octets a frame
  int heartbeat_ms = 500, timeout_ms = 2000;
};

/// A socket whose receives arrive as calls. Sends are queued and written by the owner coroutine; a queue here holds
/// nothing that a database does not also hold.
class Socket {
 public:
  struct Events {
    /// A whole message. For a router, `peer` is the routing id; for a dealer "".
    std::function<void(const std::string& peer, Frames frames)> received;
    std::function<void()> connected;       ///< dealer: handshake done
    std::function<void()> disconnected;    ///< dealer: peer gone
  };
  static Result<std::unique_ptr<Socket>> open(Context& context, SocketOptions options, Events events);
  ~Socket();
  /// False: the peer is unknown or its pipe is full (router), or nothing is connected (dealer).
  bool send(const std::string& peer, const Frames& frames);
  void close();

 private:
  Socket();
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// A new CURVE key pair, Z85: {public, secret}.
std::pair<std::string, std::string> make_curve_keys();

}  // namespace futar::zmq
