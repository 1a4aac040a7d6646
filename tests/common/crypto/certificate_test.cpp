#include "common/crypto/certificate.h"

#include <doctest/doctest.h>

#include "common/base/text.h"
#include "common/crypto/digest.h"

using namespace futar;

namespace {

// Of P-256, made with openssl req -x509; the digest by openssl x509 -pubkey, openssl dgst.
constexpr std::string_view pem = R"(
-----BEGIN CERTIFICATE-----
MIIBjDCCATOgAwIBAgIUHjOEeelYF3oszSiXt7SdCaJfuuIwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQbWFpbC5leGFtcGxlLm9yZzAgFw0yNjExMjQxNDMyNTRaGA8y
MTI2MTAzMTE0MzI1NFowGzEZMBcGA1UEAwwQbWFpbC5leGFtcGxlLm9yZzBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABJ9WzDdv61972mvi8jKwXP2h3vNVgMqCHypM
KnogdCc6XUNRSSg2zbK4oEoIWgWOxCiVJQ1TVHiQbhJgcMXRnz2jUzBRMB0GA1Ud
DgQWBBSGsP52PmNmK71cWG9ZfWcSlKUlmDAfBgNVHSMEGDAWgBSGsP52PmNmK71c
WG9ZfWcSlKUlmDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCICft
3N+quXSxpt1AaS3iTv4IdMGXU8BAfJjkDirojoDbAiAfjQgIQWc1JyCdzBMGtJjQ
zvJk/OrQKEEHTaEs5AFTiQ==
-----END CERTIFICATE-----
)";
constexpr std::string_view digest = "a4d1221a71e0f7e64744ea84f92566e94580988e8fd2fa45cbbdb8f35cd3161d";

}  // namespace

TEST_CASE("the key of a certificate is the one whose digest OpenSSL tells") {
  const auto key = crypto::certificate_key(pem);
  REQUIRE(key);
  CHECK(hex(crypto::sha256(*key)) == digest);
}

TEST_CASE("what is no certificate has no key") {
  CHECK(!crypto::certificate_key(""));
  CHECK(!crypto::certificate_key("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}
