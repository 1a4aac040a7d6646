// One connection as coroutines see it: plain or TLS over the same descriptor, with one deadline.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/async.h"
#include "common/net/address.h"

namespace futar::net {

class TlsContext;

/// What was negotiated, for Received, logs and traces.
struct TlsInfo {
  std::string version;  ///< "TLSv1.3"
  std::string cipher;   ///< "TLS_AES_256_GCM_SHA384"
  std::string sni;
  bool resumed = false;
};

/// Thrown by read and write: ends a conversation, is caught once, in the session's run().
struct StreamClosed {
  enum class Reason { peer_closed, deadline, reset, tls_failed, shutdown };
  Reason reason;
  std::string text;
};

/// The interface that sessions use. net::TcpStream implements it over a socket, tests/fakes/stream.h in memory.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Some octets into the buffer, at least 1. Throws StreamClosed.
  virtual Task<size_t> read(char* buffer, size_t size) = 0;
  /// All octets. Throws StreamClosed.
  virtual Task<> write(std::string_view octets) = 0;
  /// Both read and write fail with Reason::deadline once this steady time (ms) has passed; checked by a sweep each
  /// second, so a deadline costs one store.
  virtual void set_deadline(int64_t steady_ms) = 0;
  virtual Task<> start_tls(TlsContext& context) = 0;  ///< server side; the caller has dropped what it had buffered
  virtual const std::optional<TlsInfo>& tls() const = 0;
  /// RFC 9266 tls-exporter channel binding, 32 octets; empty unless TLS 1.3.
  virtual std::string channel_binding() const = 0;
  virtual const Endpoint& peer() const = 0;
  virtual const Endpoint& local() const = 0;
  /// The user at the other end of a UNIX socket (SO_PEERCRED).
  virtual std::optional<uint32_t> peer_uid() const = 0;
  virtual void close() = 0;
};

}  // namespace futar::net
