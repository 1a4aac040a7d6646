#include "common/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace futar::crypto {
namespace {

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// libcrypto fails here only when it is out of memory or was built without SHA-256.
void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("libcrypto failed: ") + what);
}

// Looked up once: EVP_sha256() is looked up in the provider at each use.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

}  // namespace

std::string sha256(std::string_view octets) {
  std::string digest(sha256_size, '\0');
  must(EVP_Digest(octets.data(), octets.size(), bytes(digest), nullptr, sha256_algorithm(), nullptr) == 1,
       "sha256");
  return digest;
}

std::string digest(const EVP_MD* algorithm, std::string_view octets) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  if (EVP_Digest(octets.data(), octets.size(), bytes(out), &size, algorithm, nullptr) != 1) return {};
  out.resize(size);
  return out;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  must(context_ && EVP_DigestInit_ex(context_.get(), sha256_algorithm(), nullptr) == 1, "sha256");
}

Sha256::Sha256(const Sha256& other) : context_(EVP_MD_CTX_new()) {
  must(context_ && EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1, "sha256");
}

void Sha256::add(std::string_view octets) {
  must(EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1, "sha256");
}

std::string Sha256::finish() {
  std::string digest(sha256_size, '\0');
  must(EVP_DigestFinal_ex(context_.get(), bytes(digest), nullptr) == 1, "sha256");
  return digest;
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

std::string hmac_sha256(std::string_view key, std::string_view octets) {
  std::string digest(sha256_size, '\0');
  must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(octets), octets.size(),
            bytes(digest), nullptr),
       "hmac");
  return digest;
}

std::string pbkdf2_sha256(std::string_view password, std::string_view salt, uint32_t iterations) {
  std::string key(sha256_size, '\0');
  must(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes(salt),
                         static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                         sha256_size, bytes(key)) == 1,
       "pbkdf2");
  return key;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(size_t size) {
  std::string octets(size, '\0');
  must(RAND_bytes(bytes(octets), static_cast<int>(size)) == 1, "random");
  return octets;
}

void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace futar::crypto
