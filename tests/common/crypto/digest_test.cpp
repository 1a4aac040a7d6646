#include "common/crypto/digest.h"

#include <doctest/doctest.h>

#include <tuple>

#include "common/base/text.h"
#include "common/crypto/crypt.h"

using namespace futar;
using namespace futar::crypto;

TEST_CASE("SHA-256 of FIPS 180-2") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("HMAC-SHA-256 of RFC 4231 §4") {
  CHECK(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(
      hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("PBKDF2-HMAC-SHA-256 of RFC 7914 §11") {
  CHECK(hex(pbkdf2_sha256("passwd", "salt", 1)) ==
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  CHECK(hex(pbkdf2_sha256("Password", "NaCl", 80000)) ==
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

TEST_CASE("comparison needs the same size and the same octets") {
  CHECK(equal_constant_time("", ""));
  CHECK(equal_constant_time("abc", "abc"));
  CHECK_FALSE(equal_constant_time("abc", "abd"));
  CHECK_FALSE(equal_constant_time("abc", "ab"));
}

TEST_CASE("random octets differ") {
  CHECK(random_bytes(16).size() == 16);
  CHECK(random_bytes(16) != random_bytes(16));
}

TEST_CASE("a wiped secret is gone") {
  std::string secret = "secret";
  wipe(secret);
  CHECK(secret.empty());
}

TEST_CASE("imported hashes are checked by libcrypt") {
  // SHA-512 is Drepper's test vector; the others were made by perl's crypt.
  const std::string hashes[] = {
      "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
      "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
      "$y$j75$abcdefghijklmnop$Dz4c4IbXLnyhVP3lRORmHdx4lPfPAZiTB4e2cyBTF66",
      "$2b$04$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK"};
  for (const std::string& hash : hashes) {
    CAPTURE(hash);
    CHECK(crypt_matches("Hello world!", hash));
    CHECK_FALSE(crypt_matches("Hello world", hash));
    CHECK_FALSE(crypt_matches(std::string("Hello world!\0x", 14), hash));
  }
}

TEST_CASE("weak and foreign hash forms are refused") {
  for (std::string_view hash :
       {"", "*", "rl.3StKT.4T8M", "$1$salt$qJH7.N4xYta3aEG/dfqo/0", "$6", "{PLAIN}x", "password"})
    CHECK_FALSE(is_crypt_hash(hash));
  CHECK_FALSE(crypt_matches("rl.3StKT.4T8M", "rl.3StKT.4T8M"));
}
