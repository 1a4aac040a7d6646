// The server side of SASL PLAIN (RFC 4616), LOGIN and SCRAM-SHA-256(-PLUS) (RFC 5802, 7677, 9266) as pure
// values: no socket, no credentials, no time.
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/crypto/scram.h"

namespace futar::msa {

struct NamedPassword {
  std::string name;
  std::string password;
};

/// authzid NUL authcid NUL passwd. An authzid other than the authcid is refused: nobody acts for somebody
/// else here.
Result<NamedPassword> parse_plain(std::string_view octets);

/// What LOGIN asks (draft-murchison-sasl-login-00; the words are those that clients expect).
constexpr std::string_view login_ask_name = "Username:";
constexpr std::string_view login_ask_password = "Password:";

/// One SCRAM exchange: client_first, server_first, client_final, in this order. Errors are permanent, for the
/// log.
class ScramServer {
 public:
  enum class Binding { none, tls_exporter };  ///< SCRAM-SHA-256 or -PLUS
  /// `exporter`: tls-exporter of the connection, "" without TLS 1.3. `nonce`: our part, printable without
  /// commas.
  ScramServer(Binding binding, std::string exporter, std::string nonce);

  /// Takes client-first-message and returns the user's name. Refused: a client that could have bound the
  /// channel but says that we cannot (somebody removed -PLUS from our list), or a binding that is not the
  /// mechanism's.
  Result<std::string> client_first(std::string_view message);
  /// The server-first-message.
  std::string server_first(const crypto::ScramKeys& keys);
  /// Takes client-final-message; returns server-final-message, "v=...", if the proof is right.
  Result<std::string> client_final(std::string_view message, const crypto::ScramKeys& keys) const;

 private:
  Result<std::string_view> take_gs2_header(std::string_view message);

  Binding binding_;
  std::string exporter_;
  std::string nonce_;       ///< ours; client_first puts the client's before it
  std::string gs2_header_;  ///< "n,," as the client sent it
  std::string authzid_;
  std::string client_first_bare_, server_first_;
};

}  // namespace futar::msa
