#include "common/crypto/imported.h"

#include <doctest/doctest.h>

#include "common/base/text.h"
#include "common/crypto/scram.h"

using namespace futar;
using namespace futar::crypto;

namespace {

struct Row {
  std::string given, stored;
};

}  // namespace

TEST_CASE("the schemes of crypt are stored under one name, which Dovecot knows too") {
  const Row rows[] = {
      {"{CRYPT}$6$a$b", "{CRYPT}$6$a$b"},
      {"{SHA512-CRYPT}$6$a$b", "{CRYPT}$6$a$b"},
      {"{sha256-crypt}$5$a$b", "{CRYPT}$5$a$b"},
      {"{BLF-CRYPT}$2y$05$abc", "{CRYPT}$2y$05$abc"},
      {"$y$j9T$salt$hash", "{CRYPT}$y$j9T$salt$hash"},
  };
  for (const auto& [given, stored] : rows) {
    CAPTURE(given);
    CHECK(imported_verifier(given).value() == stored);
    CHECK(is_imported(stored));
  }
}

TEST_CASE("weak and unknown schemes are refused with their name") {
  for (const char* given :
       {"{MD5-CRYPT}$1$a$b", "{CRYPT}$1$a$b", "{DES-CRYPT}ab1234567890", "{PLAIN-MD5}00",
        "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "{ARGON2ID}$argon2id$v=19$m=1", "{NEW}x", "word", "", "!", "*",
        "{CRYPT}$6$a:b", "{SSHA}", "{SSHA}AAAA", "{SSHA256}not base64"}) {
    CAPTURE(given);
    CHECK_FALSE(imported_verifier(given).has_value());
  }
  CHECK(imported_verifier("{MD5-CRYPT}$1$a$b").error().text == "{MD5-CRYPT} is too weak, or unknown here");
}

TEST_CASE("a plain password becomes SCRAM keys, and keys stay keys") {
  const std::string made = imported_verifier("{PLAIN}secret").value();
  CHECK(password_matches(ScramKeys::parse(made).value(), "secret"));
  CHECK_FALSE(is_imported(made));
  CHECK(imported_verifier(made).value() == made);
  CHECK(plain_password("{cleartext}a b") == "a b");
  CHECK(plain_password("$6$a$b").empty());
}

TEST_CASE("hashes of the right password match, salted SHA too") {
  const Row rows[] = {
      // doveadm pw -s SCHEME -p 'Hello world!', of Dovecot 2.3.19
      {"Hello world!", "{CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
      {"Hello world!", "{SSHA}5udjQFmZEPaUBSeIWJdy4usEQztMjhh9"},
      {"Hello world!", "{SSHA256}ItCtbHC6pQTWU8hONFuKwfsBIU+MLkLozpjKjTXxpJvGV6O/"},
      {"Hello world!",
       "{SSHA512}qR/dzEUpWLJe+rtGpHFRtFU+13DOVJQEpDsuY1QHtl2sIsqlXuLVRBuSYsGRInZ2SC61zVoKF67/"
       "G3FmgfnhrJESAQs="},
      {"Hello world!", "{CRYPT}$2y$05$oMntHhuRTOpt6mAnh2Tl1el7QCugqXrSCPPZBoVodOITWZ.3Ns90e"},
  };
  for (const auto& [password, verifier] : rows) {
    CAPTURE(verifier);
    CHECK(imported_verifier(verifier).has_value());
    CHECK(imported_matches(password, verifier));
    CHECK_FALSE(imported_matches(password + "!", verifier));
    CHECK_FALSE(imported_matches("", verifier));
  }
  CHECK_FALSE(imported_matches("x", "{SSHA}AAAA"));
  CHECK_FALSE(imported_matches("x", "{CRYPT}*"));
}
