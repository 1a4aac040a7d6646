// Signs mail of one domain (RFC 6376): relaxed/relaxed, one signature a key, so that an RSA and an Ed25519
// key stand side by side (RFC 8463 §3).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/key.h"
#include "common/dkim/canonical.h"

namespace futar::dkim {

struct SigningKey {
  std::string selector;
  crypto::PrivateKey key;
};

class Signer;

/// One message on its way through.
class Signing {
 public:
  void body(std::string_view piece) { body_.add(piece); }
  /// The fields to put on top of the header, each with its CRLF. Once, after the body.
  std::string finish();

 private:
  friend class Signer;
  Signing(const Signer& signer, std::string_view header, int64_t now_ms);
  const Signer& signer_;
  int64_t time_s_;
  std::vector<std::string> names_;
  HeaderHash header_{Canon::relaxed};  ///< of the fields, which all keys sign alike
  BodyHash body_{Canon::relaxed};
};

/// Kept for as long as its keys are used: they are parsed once.
class Signer {
 public:
  /// `lifetime_s`: x=, against replay; must outlast the time in queues.
  Signer(std::string domain, std::vector<SigningKey> keys, int64_t lifetime_s = 14 * 86'400);
  /// The signer must outlive it; the header is not kept.
  Signing begin(std::string_view header, int64_t now_ms) const { return Signing(*this, header, now_ms); }
  const std::string& domain() const { return domain_; }
  const std::vector<SigningKey>& keys() const { return keys_; }

 private:
  friend class Signing;
  std::string domain_;
  std::vector<SigningKey> keys_;
  int64_t lifetime_s_;
};

/// What h= names for this header: each field that a mail program shows or interprets once more than it is
/// there, so that none can be added; others as often as they are there.
std::vector<std::string> names_to_sign(std::span<const message::Field> fields);

}  // namespace futar::dkim
