// The keys of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677), in the text form that Dovecot stores. No dialogue: see
// msa/login.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::crypto {

constexpr uint32_t scram_iterations = 100'000;
constexpr std::string_view scram_scheme = "{SCRAM-SHA-256}";

/// What a server keeps instead of the password: it can check a proof, not make one.
struct ScramKeys {
  uint32_t iterations = 0;
  std::string salt, stored_key, server_key;  ///< octets

  /// "{SCRAM-SHA-256}iterations,salt,StoredKey,ServerKey", base64.
  static Result<ScramKeys> parse(std::string_view text);
  std::string text() const;
  bool operator==(const ScramKeys&) const = default;
};

/// One PBKDF2: call it from a worker, or where nobody waits.
/// Differs: of SASLprep (RFC 4013) only what concerns ASCII is done, that is nothing; other passwords are
/// taken octet for octet, as Dovecot does.
ScramKeys make_scram_keys(std::string_view password, std::string salt,
                          uint32_t iterations = scram_iterations);
/// The same with 16 random octets of salt.
ScramKeys make_scram_keys(std::string_view password);

/// Whether this is the password: one PBKDF2.
bool password_matches(const ScramKeys& keys, std::string_view password);
/// Whether the proof shows knowledge of the password: ClientProof XOR HMAC(StoredKey, AuthMessage) is
/// ClientKey. Quick.
bool proof_matches(const ScramKeys& keys, std::string_view auth_message, std::string_view proof);
/// HMAC(ServerKey, AuthMessage): shows the client that we know it too.
std::string server_signature(const ScramKeys& keys, std::string_view auth_message);

}  // namespace futar::crypto
