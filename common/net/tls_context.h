// TLS settings of a listener (certificate and key, reloaded when the files change; session tickets) or of all
// that this process does as a client (authorities, sessions to resume).
#pragma once
#include <memory>
#include <string>

#include "common/base/result.h"

struct ssl_ctx_st;

namespace futar::net {

class SessionCache;
struct TlsaRecord;

/// The authorities that Debian's ca-certificates keeps.
constexpr char system_authorities[] = "/etc/ssl/certs/ca-certificates.crt";

class TlsContext {
 public:
  /// TLS 1.2 and up, SSL_MODE_RELEASE_BUFFERS, session tickets with keys of this process, ALPN ignored unless
  /// it names another protocol (then the handshake fails: ALPACA).
  static Result<std::shared_ptr<TlsContext>> server(const std::string& certificate_file,
                                                    const std::string& key_file);
  /// TLS 1.2 and up. What a server must prove is said at each handshake (TlsExpectation); Proof::pkix wants a
  /// chain to one of the certificates in `trusted_file`, "" = no authority is trusted.
  static Result<std::shared_ptr<TlsContext>> client(const std::string& trusted_file);
  ~TlsContext();
  /// Reads the files again; on an error the old ones stay in use. A client forgets its sessions.
  Result<void> reload();
  ssl_ctx_st* get() const;
  const std::shared_ptr<SessionCache>& sessions() const;  ///< of a client
  std::string certificate_sha256() const;                 ///< of a server's certificate (DER), in hex
  int64_t not_after_wall_ms() const;

 private:
  TlsContext();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Can it be checked (RFC 7672 §3.1.3, 6698 §2.1)? DANE-TA or DANE-EE, a selector and a matching type that we
/// know, and data that fit them.
bool is_usable(const TlsaRecord& record);

/// Makes a self-signed P-256 certificate for `host` (and localhost, 127.0.0.1) if the files are not there;
/// for a key without certificate only that. The key is written first, mode 0600; both by replace_file.
Result<void> make_self_signed(const std::string& host, const std::string& certificate_file,
                              const std::string& key_file);

}  // namespace futar::net
