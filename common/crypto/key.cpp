#include "common/crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
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
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using Params = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;
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

/// Takes one element with this tag off the front of DER.
std::optional<std::string_view> take(std::string_view& from, int tag) {
  const unsigned char* at = bytes(from);
  long size = 0;
  int found = 0, kind = 0;
  const int flags = ASN1_get_object(&at, &size, &found, &kind, static_cast<long>(from.size()));
  if ((flags & 0x81) != 0 || found != tag || kind != V_ASN1_UNIVERSAL) return std::nullopt;
  from.remove_prefix(static_cast<size_t>(at - bytes(from)));
  const std::string_view content = from.substr(0, static_cast<size_t>(size));
  from.remove_prefix(content.size());
  return content;
}

std::optional<Number> take_number(std::string_view& from) {
  const auto octets = take(from, V_ASN1_INTEGER);
  if (!octets || octets->empty() || static_cast<unsigned char>(octets->front()) >= 0x80) return std::nullopt;
  Number number(BN_bin2bn(bytes(*octets), static_cast<int>(octets->size()), nullptr), BN_free);
  return number ? std::optional(std::move(number)) : std::nullopt;
}

/// RSAPublicKey (RFC 8017 A.1.1); null where it is anything else.
Pkey parse_modulus(std::string_view octets) {
  auto sequence = take(octets, V_ASN1_SEQUENCE);
  if (!sequence || !octets.empty()) return nullptr;
  const auto modulus = take_number(*sequence), exponent = take_number(*sequence);
  if (!modulus || !exponent || !sequence->empty()) return nullptr;
  const Builder builder(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus->get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent->get()) != 1)
    return nullptr;
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return owned(made);
}

/// SubjectPublicKeyInfo as everybody writes it: libcrypto's own reader tries one format after the other,
/// which takes ten times as long as proving a signature.
Pkey parse_plain_rsa(std::string_view octets) {
  constexpr std::string_view rsa_encryption("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13);
  auto sequence = take(octets, V_ASN1_SEQUENCE);
  if (!sequence || !octets.empty() || take(*sequence, V_ASN1_SEQUENCE) != rsa_encryption) return nullptr;
  const auto key = take(*sequence, V_ASN1_BIT_STRING);
  if (!key || !sequence->empty() || !key->starts_with('\0')) return nullptr;
  return parse_modulus(key->substr(1));
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
  if (type == KeyType::rsa)
    if (const Pkey plain = parse_plain_rsa(octets)) return PublicKey(type, plain, std::string(octets));
  const Pkey key =
      type == KeyType::rsa
          ? parse_rsa(octets)
          : owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(octets), octets.size()));
  if (!key) return fail(Error::permanent("no " + std::string(name(type)) + " public key"));
  return PublicKey(type, key);
}

int PublicKey::bits() const { return type_ == KeyType::rsa ? EVP_PKEY_get_bits(key_.get()) : 256; }

std::string PublicKey::octets() const {
  if (!octets_.empty()) return octets_;
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
