// One TLS connection over a non-blocking descriptor: each step either succeeds or names what to wait for.
// Internal to net; knows no coroutine.
#pragma once
#include <memory>
#include <string>

#include "common/net/stream.h"

struct ssl_st;

namespace futar::net {

class TlsClient;

/// The outcome of one non-blocking attempt: octets moved, or the readiness to wait for before the next one.
struct Attempt {
  enum class Wait { none, readable, writable };
  Wait wait = Wait::none;
  size_t moved = 0;
};

class TlsSession {
 public:
  static TlsSession server(const TlsContext& context, int fd);
  /// `peer` is the address, a part of what a session is kept under. Throws StreamClosed when what is expected
  /// cannot be checked.
  static TlsSession client(const TlsContext& context, int fd, const std::string& peer,
                           TlsExpectation expectation);
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;
  ~TlsSession();

  // All throw StreamClosed.
  Attempt handshake();
  Attempt read(char* buffer, size_t size);
  Attempt write(std::string_view octets);
  /// Tells the peer that we end (RFC 8446 §6.1), if that is possible without waiting.
  void close_notify();

  TlsInfo info() const;
  std::string channel_binding() const;

 private:
  explicit TlsSession(ssl_st* ssl);
  Attempt outcome(int returned, size_t moved);
  struct Release {
    void operator()(ssl_st* ssl) const;
  };
  std::unique_ptr<TlsClient> client_;  ///< of a client; ssl_ points to it
  std::unique_ptr<ssl_st, Release> ssl_;
  bool broken_ = false;
};

}  // namespace futar::net
