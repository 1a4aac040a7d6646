// DKIM-Signature as a value (RFC 6376 §3.5), and what signs in the fields of ARC (RFC 8617 §4.1).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/key.h"
#include "common/dkim/canonical.h"

namespace futar::dkim {

struct Signature {
  std::string domain;     ///< d=, lower case; "" when it is none
  std::string selector;   ///< s=, lower case
  std::string algorithm;  ///< a=: "rsa-sha256", "ed25519-sha256", "rsa-sha1"
  std::string identity;   ///< i=, as written without white space; "" when it is not there
  Canons canons;
  std::vector<std::string> names;    ///< h=
  std::string body_hash, signature;  ///< octets of bh= and b=
  std::string start;                 ///< of b=, 8 characters: tells two of one domain apart (RFC 6008)
  std::optional<uint64_t> length;    ///< l=
  std::optional<int64_t> time_s, expires_s;

  crypto::KeyType key_type() const {
    return algorithm == "ed25519-sha256" ? crypto::KeyType::ed25519 : crypto::KeyType::rsa;
  }
  /// selector._domainkey.domain
  std::string key_name() const { return selector + "._domainkey." + domain; }
  bool names_field(std::string_view name) const;
};

/// A signature that cannot be read still tells what of it could be: domain, selector, algorithm.
struct ParsedSignature {
  Signature signature;
  std::string error;  ///< why it cannot be used, in words; "" when it can
};

/// Which tags a field must have: ARC's have no v= (i= is the caller's to read), a seal has neither canonical
/// forms nor a body nor fields of its own (RFC 8617 §4.1.2, §4.1.3).
enum class SignatureKind : uint8_t { dkim, arc_message, arc_seal };

/// `value`: of the field, folds inside. Nothing in the result can end a line or a comment.
ParsedSignature parse_signature(std::string_view value, SignatureKind kind = SignatureKind::dkim);

/// A domain or selector in ASCII: letters, digits, "-", "_" in labels of 1 to 63.
bool is_domain(std::string_view text);
/// The same domain or one below it.
bool is_within(std::string_view domain, std::string_view parent);

}  // namespace futar::dkim
