// TLS settings of a listener (certificate and key, reloaded when the files change; session tickets) or of a
// client.
#pragma once
#include <memory>
#include <string>

#include "common/base/result.h"

struct ssl_ctx_st;

namespace futar::net {

class TlsContext {
 public:
  /// TLS 1.2 and up, SSL_MODE_RELEASE_BUFFERS, session tickets with keys of this process, ALPN ignored unless
  /// it names another protocol (then the handshake fails: ALPACA).
  static Result<std::shared_ptr<TlsContext>> server(const std::string& certificate_file,
                                                    const std::string& key_file);
  /// TLS 1.2 and up. With a file of trusted certificates each handshake verifies chain and host name; with ""
  /// none does: opportunistic (RFC 7435), or judged by the caller.
  static Result<std::shared_ptr<TlsContext>> client(const std::string& trusted_file);
  ~TlsContext();
  Result<void> reload();  ///< reads both files again; on an error the old pair stays in use
  ssl_ctx_st* get() const;
  std::string certificate_sha256() const;  ///< of a server's certificate (DER), in hex
  int64_t not_after_wall_ms() const;

 private:
  TlsContext();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Makes a self-signed P-256 certificate for `host` (and localhost, 127.0.0.1) if the files are not there;
/// for a key without certificate only that. The key is written first, mode 0600; both by replace_file.
Result<void> make_self_signed(const std::string& host, const std::string& certificate_file,
                              const std::string& key_file);

}  // namespace futar::net
