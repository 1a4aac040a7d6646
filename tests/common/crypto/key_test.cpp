#include "common/crypto/key.h"

#include <doctest/doctest.h>

#include "common/base/text.h"
#include "common/crypto/digest.h"

using namespace futar;
using namespace futar::crypto;

TEST_CASE("a digest that comes in pieces is the digest of the whole") {
  Sha256 pieces;
  pieces.add("a");
  pieces.add("");
  pieces.add("bc");
  CHECK(pieces.finish() == sha256("abc"));
}

TEST_CASE("a made key signs, its public half proves, and both survive their text form") {
  for (const KeyType type : {KeyType::rsa, KeyType::ed25519}) {
    CAPTURE(name(type));
    const PrivateKey made = PrivateKey::make(type);
    const auto key = PrivateKey::parse(made.pem());
    REQUIRE(key);
    CHECK(key->type() == type);
    const std::string digest = sha256("content"), signature = key->sign(digest);
    const auto half = PublicKey::parse(type, made.public_key().octets());
    REQUIRE(half);
    CHECK(half->bits() == (type == KeyType::rsa ? 2048 : 256));
    CHECK(half->proves(digest, signature));
    CHECK_FALSE(half->proves(sha256("other"), signature));
    CHECK_FALSE(half->proves(digest, signature.substr(1)));
    CHECK_FALSE(half->proves(digest, ""));
    CHECK_FALSE(PrivateKey::make(type).public_key().proves(digest, signature));
  }
}

TEST_CASE(
    "RSA is read in the two forms that domains publish; what follows the key or is another kind is refused") {
  const PublicKey key = PrivateKey::make(KeyType::rsa, 1024).public_key();
  const std::string info = key.octets();
  const std::string bare = info.substr(22);  // RSAPublicKey inside SubjectPublicKeyInfo
  CHECK(PublicKey::parse(KeyType::rsa, info)->bits() == 1024);
  CHECK(PublicKey::parse(KeyType::rsa, bare)->octets() == info);
  CHECK_FALSE(PublicKey::parse(KeyType::rsa, info + "x"));
  CHECK_FALSE(PublicKey::parse(KeyType::rsa, info.substr(0, info.size() - 1)));
  CHECK_FALSE(PublicKey::parse(KeyType::rsa, ""));
  CHECK_FALSE(PublicKey::parse(KeyType::ed25519, info));
  CHECK_FALSE(PublicKey::parse(KeyType::ed25519, std::string(31, 'x')));
}

TEST_CASE("what is no private key is an error, a passphrase is never asked for") {
  for (const char* text : {"", "x", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
                           "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
                           "00000000000000000000000000000000\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"}) {
    CAPTURE(text);
    CHECK_FALSE(PrivateKey::parse(text));
  }
}
