// ZeroMQ for the io thread: a context, sockets owned by one coroutine each, CURVE keys. Knows frames, not
// messages.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/net/loop.h"

namespace futar::zmq {

using Frames = std::vector<std::string>;
/// A frame that several may hold: large ones go to the wire without a copy.
using Part = std::shared_ptr<const std::string>;

/// CURVE for tcp: our secret, and either the server's public key (we connect) or the list of pinned clients
/// (we bind).
struct CurveKeys {
  std::string secret_file;  ///< Z85, our secret key
  std::string server_file;  ///< Z85, public key of the peer that binds; connecting side
  std::string
      allowed_file;  ///< Z85 public keys of clients, one a line; binding side; read anew at each handshake
};

/// One a process. A path of ipc may be bound a second time only after the Context of the first is gone:
/// ZeroMQ unlinks it when it closes the old socket, some time later.
/// The files of a keys folder: AGENT.secret, mta.public, ROLE.allowed (ROLE: submission or delivery). None
/// for "".
std::optional<CurveKeys> curve_keys_in(const std::string& folder, const std::string& agent,
                                       const std::string& role);

class Context {
 public:
  explicit Context(net::Loop& loop);
  ~Context();
  void* get() const;
  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
  friend class Socket;
};

enum class SocketKind { dealer, router };

struct SocketOptions {
  SocketKind kind = SocketKind::dealer;
  std::string endpoint;
  bool bind = false;
  unsigned ipc_mode = 0660;  ///< of a bound ipc socket
  std::optional<CurveKeys> curve;
  int64_t max_message = 4 << 20;  ///< octets a frame
  int heartbeat_ms = 500, timeout_ms = 2000;
};

/// A socket whose receives arrive as calls from the loop, never from inside send(). Used on the io thread
/// alone. A queue here holds nothing that a database does not also hold.
///
/// No routing id is set: a router makes a random one for each connection. One of our own would have to be
/// different at each connection too, since a router without ZMQ_ROUTER_HANDOVER takes the first frame of a
/// second connection with a known id for yet another id.
class Socket {
 public:
  struct Events {
    /// A whole message. For a router, `peer` is the routing id; for a dealer "".
    std::function<void(const std::string& peer, Frames frames)> received;
    std::function<void()> connected;     ///< dealer: handshake done
    std::function<void()> disconnected;  ///< dealer: peer gone; router: some peer, send() tells whether yours
  };
  /// Permanent errors: tcp without keys, a key file that does not fit, a path too long, an address in use.
  static Result<std::unique_ptr<Socket>> open(Context& context, SocketOptions options, Events events);
  ~Socket();
  /// False: the peer is unknown (router), or nothing is connected (dealer).
  bool send(const std::string& peer, const Frames& frames);
  bool send(const std::string& peer, std::span<const Part> parts);
  /// Of a bound socket: the connections that stand. Whose message was received is among them until it closes,
  /// which `disconnected` tells. May call `disconnected` for those of which nobody knew yet.
  size_t peers();
  /// What was sent has linger_ms to leave. No event comes afterwards.
  void close(int linger_ms = 0);

 private:
  Socket();
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Blocking, for programs without a loop: sends one message to a bound router and waits for one. Temporary
/// error when nobody answers in time, at once when nobody listens on an ipc path.
Result<Frames> request(const std::string& endpoint, const Frames& question, int timeout_ms);

/// A new CURVE key pair, Z85: {public, secret}.
std::pair<std::string, std::string> make_curve_keys();

}  // namespace futar::zmq
