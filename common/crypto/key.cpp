#include "common/crypto/key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <optional>
#include <stdexcept>

namespace futar::crypto {
namespace {

using Pkey = std::shared_ptr<EVP_PKEY>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Pkey owned(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

// Whoever uses TLS on this thread asks the error queue: nothing of ours may stay in it.
struct CleanErrors {
  ~CleanErrors() { ERR_clear_error(); }
};

void must(bool done, const char* what) {
  if (done) return;
  ERR_clear_error();
  throw std::runtime_error(std::string("libcrypto failed: ") + what);
}

std::optional<KeyType> type_of(const Pkey& key) {
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      return KeyType::rsa;
    case EVP_PKEY_ED25519:
      return KeyType::ed25519;
    default:
      return std::nullopt;
  }
}

Pkey parse_rsa(std::string_view octets) {
  const unsigned char* at = bytes(octets);
  const unsigned char* end = at + octets.size();
  Pkey key = owned(d2i_PUBKEY(nullptr, &at, static_cast<long>(octets.size())));
  if (!key) {
    at = bytes(octets);
    key = owned(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(octets.size())));
  }
  return key && at == end && type_of(key) == KeyType::rsa ? key : nullptr;
}

KeyContext rsa_context(const Pkey& key, bool to_sign) {
  KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr), EVP_PKEY_CTX_free);
  if (!context || (to_sign ? EVP_PKEY_sign_init : EVP_PKEY_verify_init)(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) != 1)
    return {nullptr, EVP_PKEY_CTX_free};
  return context;
}

int no_passphrase(char*, int, int, void*) { return -1; }  // libcrypto's own would ask the terminal

}  // namespace

std::string_view name(KeyType type) { return type == KeyType::rsa ? "rsa" : "ed25519"; }

Result<PublicKey> PublicKey::parse(KeyType type, std::string_view octets) {
  const CleanErrors clean;
  const Pkey key =
      type == KeyType::rsa
          ? parse_rsa(octets)
          : owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(octets), octets.size()));
  if (!key) return fail(Error::permanent("no " + std::string(name(type)) + " public key"));
  return PublicKey(type, key);
}

int PublicKey::bits() const { return type_ == KeyType::rsa ? EVP_PKEY_get_bits(key_.get()) : 256; }

std::string PublicKey::octets() const {
  if (type_ == KeyType::ed25519) {
    std::string octets(32, '\0');
    size_t size = octets.size();
    must(EVP_PKEY_get_raw_public_key(key_.get(), bytes(octets), &size) == 1, "public key");
    return octets;
  }
  unsigned char* made = nullptr;  // asking for the size first would be the same work once more
  const int size = i2d_PUBKEY(key_.get(), &made);
  must(size > 0, "public key");
  std::string octets(reinterpret_cast<const char*>(made), static_cast<size_t>(size));
  OPENSSL_free(made);
  return octets;
}

bool PublicKey::proves(std::string_view digest, std::string_view signature) const {
  const CleanErrors clean;
  if (type_ == KeyType::rsa) {
    const KeyContext context = rsa_context(key_, false);
    return context && EVP_PKEY_verify(context.get(), bytes(signature), signature.size(), bytes(digest),
                                      digest.size()) == 1;
  }
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(digest), digest.size()) ==
             1;
}

PrivateKey PrivateKey::make(KeyType type, int rsa_bits) {
  const Pkey key =
      owned(type == KeyType::rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<size_t>(rsa_bits))
                                 : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  must(key != nullptr, "key generation");
  return {type, key};
}

Result<PrivateKey> PrivateKey::parse(std::string_view pem) {
  const CleanErrors clean;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  must(bio != nullptr, "memory");
  const Pkey key = owned(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  const auto type = key ? type_of(key) : std::nullopt;
  if (!type) return fail(Error::permanent("no RSA or Ed25519 private key in PEM without a passphrase"));
  return PrivateKey(*type, key);
}

std::string PrivateKey::pem() const {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  must(
      bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "private key");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string PrivateKey::sign(std::string_view digest) const {
  std::string signature(static_cast<size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  size_t size = signature.size();
  if (type_ == KeyType::rsa) {
    const KeyContext context = rsa_context(key_, true);
    must(context && EVP_PKEY_sign(context.get(), bytes(signature), &size, bytes(digest), digest.size()) == 1,
         "sign");
  } else {
    const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    must(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
             EVP_DigestSign(context.get(), bytes(signature), &size, bytes(digest), digest.size()) == 1,
         "sign");
  }
  signature.resize(size);
  return signature;
}

}  // namespace futar::crypto
