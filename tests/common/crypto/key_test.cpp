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

TEST_CASE("a copy of a digest goes on from what the first has, and leaves it alone") {
  Sha256 first;
  first.add("ab");
  Sha256 second = first;
  second.add("x");
  first.add("c");
  CHECK(first.finish() == sha256("abc"));
  CHECK(second.finish() == sha256("abx"));
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

TEST_CASE("a key of RSA that is cut is refused, and one that was changed is another key at most") {
  const PrivateKey made = PrivateKey::make(KeyType::rsa, 1024);
  const std::string info = made.public_key().octets(), digest = sha256("x"), signature = made.sign(digest);
  REQUIRE(PublicKey::parse(KeyType::rsa, info)->proves(digest, signature));
  for (size_t size = 0; size < info.size(); ++size)
    CHECK_FALSE(PublicKey::parse(KeyType::rsa, info.substr(0, size)));
  constexpr size_t modulus = 29;  // where it begins; before it stand tags and lengths
  for (size_t at = 0; at < info.size(); ++at) {
    std::string other = info;
    other[at] ^= 0x41;
    const auto key = PublicKey::parse(KeyType::rsa, other);
    if (at >= modulus) CHECK_FALSE((key && key->proves(digest, signature)));
  }
}

TEST_CASE("what is no private key is an error, a passphrase is never asked for") {
  for (const char* text : {"", "x", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
                           "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
                           "00000000000000000000000000000000\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"}) {
    CAPTURE(text);
    CHECK_FALSE(PrivateKey::parse(text));
  }
}
