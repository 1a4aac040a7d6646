// Keys that sign and prove a SHA-256 digest: RSA (PKCS#1 1.5) and Ed25519, as DKIM and ARC use them (RFC
// 6376, 8463).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

struct evp_pkey_st;

namespace futar::crypto {

enum class KeyType : uint8_t { rsa, ed25519 };
std::string_view name(KeyType type);

class PublicKey {
 public:
  /// RSA as SubjectPublicKeyInfo or as RSAPublicKey (RFC 6376 §3.6.1 and its errata), or the 32 octets of
  /// Ed25519 (RFC 8463 §4). Nothing may follow.
  static Result<PublicKey> parse(KeyType type, std::string_view octets);
  KeyType type() const { return type_; }
  int bits() const;
  /// What parse() takes; RSA as SubjectPublicKeyInfo.
  std::string octets() const;
  /// RSA proves the digest as such; Ed25519 takes it as its message (RFC 8463 §3).
  bool proves(std::string_view sha256_digest, std::string_view signature) const;

 private:
  friend class PrivateKey;
  PublicKey(KeyType type, std::shared_ptr<evp_pkey_st> key, std::string octets = "")
      : type_(type), key_(std::move(key)), octets_(std::move(octets)) {}
  KeyType type_;
  std::shared_ptr<evp_pkey_st> key_;
  std::string octets_;  ///< as they came, where octets() would make the same; making them is dear
};

/// Parsed once and kept: parsing costs more than signing.
class PrivateKey {
 public:
  /// RSA of 2048 bits takes some 0.1 s: where nobody waits, or on a worker.
  static PrivateKey make(KeyType type, int rsa_bits = 2048);
  /// PEM without a passphrase, RSA (PKCS#1 or PKCS#8) or Ed25519 (PKCS#8).
  static Result<PrivateKey> parse(std::string_view pem);
  KeyType type() const { return type_; }
  int bits() const { return public_key().bits(); }
  std::string pem() const;  ///< PKCS#8; wipe() it after use
  PublicKey public_key() const { return {type_, key_}; }
  /// About 0.2 ms for RSA of 2048 bits, 0.03 ms for Ed25519.
  std::string sign(std::string_view sha256_digest) const;

 private:
  PrivateKey(KeyType type, std::shared_ptr<evp_pkey_st> key) : type_(type), key_(std::move(key)) {}
  KeyType type_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace futar::crypto
