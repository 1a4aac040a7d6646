// One connection as coroutines see it: plain or TLS over the same descriptor, with one deadline.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/async.h"
#include "common/net/address.h"

namespace futar::net {

class Loop;
class TlsContext;

/// What was negotiated, for Received, logs and traces.
struct TlsInfo {
  std::string version = {};  ///< "TLSv1.3"
  std::string cipher = {};   ///< "TLS_AES_256_GCM_SHA384"
  std::string sni = {};
  bool resumed = false;
  std::string proven_by = {};  ///< client side: "DANE-EE", "DANE-TA", "PKIX"; "" = it was not verified
};

/// A TLSA record (RFC 6698 §2.1).
struct TlsaRecord {
  uint8_t usage = 0, selector = 0, matching = 0;
  std::string data = {};
};

/// What a client demands of the server's certificate before the first octet goes through.
struct TlsExpectation {
  enum class Proof : uint8_t {
    none,  ///< anything: opportunistic (RFC 7435)
    pkix,  ///< a chain to a trusted authority, and one of `names`
    dane,  ///< a match with one of `tlsa` (RFC 7672: DANE-EE ignores name and expiry, DANE-TA checks both)
  };
  Proof proof = Proof::none;
  std::string sni = {};                 ///< "" = none is sent
  std::vector<std::string> names = {};  ///< any of them may stand in the certificate; an address only alone
  std::vector<TlsaRecord> tlsa = {};
};

/// Thrown by read and write: ends a conversation, is caught once, in the session's run().
struct StreamClosed {
  enum class Reason { peer_closed, deadline, reset, tls_failed, shutdown };
  Reason reason;
  std::string text;
};

/// The interface that sessions use. net::TcpStream implements it over a socket, tests/fakes/stream.h in
/// memory.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Some octets into the buffer, at least 1. Throws StreamClosed. Waits first and touches the buffer only
  /// right before it returns, so that all sessions of a thread may read into one shared buffer.
  virtual Task<size_t> read(char* buffer, size_t size) = 0;
  /// All octets. Throws StreamClosed.
  virtual Task<> write(std::string_view octets) = 0;
  /// Both read and write fail with Reason::deadline once this steady time (ms) has passed; checked by a sweep
  /// each second, so a deadline costs one store.
  virtual void set_deadline(int64_t steady_ms) = 0;
  /// An idle stream has nothing to lose: its reads fail with Reason::shutdown once its listener stops. Writes
  /// go on, for the farewell.
  virtual void set_idle(bool idle) = 0;
  virtual Task<> start_tls(
      TlsContext& context) = 0;  ///< server side; the caller has dropped what it had buffered
  /// Client side: throws StreamClosed{tls_failed}, with the reason in words, unless the server proves what is
  /// expected. A session is resumed only for the same address under the same expectation.
  virtual Task<> start_tls_client(TlsContext& context, TlsExpectation expectation) = 0;
  virtual const std::optional<TlsInfo>& tls() const = 0;
  /// RFC 9266 tls-exporter channel binding, 32 octets; empty unless TLS 1.3.
  virtual std::string channel_binding() const = 0;
  virtual const Endpoint& peer() const = 0;
  virtual const Endpoint& local() const = 0;
  /// The user at the other end of a UNIX socket (SO_PEERCRED).
  virtual std::optional<uint32_t> peer_uid() const = 0;
  virtual void close() = 0;
};

/// Connects to a server; the deadline (steady ms) holds for the connection and stays set on the stream.
Task<Result<std::unique_ptr<Stream>>> connect_tcp(Loop& loop, Endpoint remote, int64_t deadline);
Task<Result<std::unique_ptr<Stream>>> connect_unix(Loop& loop, std::string path, int64_t deadline);

}  // namespace futar::net
