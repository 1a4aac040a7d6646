// The certificate of the first start: mail clients and servers can encrypt before the operator has a real
// one.
#include <fmt/format.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/net/openssl.h"
#include "common/net/tls_context.h"

namespace futar::net {
namespace {

constexpr long lifetime_seconds = 10L * 365 * 24 * 3600;  // nobody renews it; being replaced is its only end

using ExtensionPtr = Owned<X509_EXTENSION, X509_EXTENSION_free>;

Error openssl_failed(std::string_view what) {
  return Error::ours(fmt::format("{}: {}", what, openssl_error()));
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string text_of(BIO* bio) {
  char* start = nullptr;
  const long size = BIO_get_mem_data(bio, &start);
  return {start, static_cast<size_t>(size)};
}

Result<KeyPtr> load_key(const std::string& key_file) {
  const std::string pem = TRY(read_file(key_file));
  BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key) return fail(Error::permanent(fmt::format("{}: {}", key_file, openssl_error())));
  return key;
}

Result<KeyPtr> make_key(const std::string& key_file) {
  KeyPtr key(EVP_EC_gen("P-256"));
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!key || PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return fail(openssl_failed("making a P-256 key"));
  TRY(replace_file(key_file, text_of(bio.get()), 0600));
  return key;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Result<CertificatePtr> certify(EVP_PKEY* key, const std::string& host) {
  // The name goes through OpenSSL's little configuration language: only what a host name consists of may
  // pass.
  if (host.empty() ||
      host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") !=
          std::string::npos)
    return fail(Error::permanent(fmt::format("no host name for a certificate: '{}'", host)));
  CertificatePtr certificate(X509_new());
  X509* x = certificate.get();
  uint64_t serial = 0;
  X509_NAME* name = X509_get_subject_name(x);
  const auto* host_octets = reinterpret_cast<const unsigned char*>(host.c_str());
  const bool made =
      RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1 &&
      X509_set_version(x, X509_VERSION_3) == 1 &&
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) == 1 &&
      X509_gmtime_adj(X509_getm_notBefore(x), -3600) &&
      X509_gmtime_adj(X509_getm_notAfter(x), lifetime_seconds) &&
      // A common name holds at most 64 characters; verifiers read the alternative names anyway (RFC 9525 §2).
      (host.size() > 64 ||
       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host_octets, -1, -1, 0) == 1) &&
      X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1 &&
      add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(x, NID_key_usage, "critical,digitalSignature") &&
      add_extension(x, NID_ext_key_usage, "serverAuth") &&
      add_extension(x, NID_subject_alt_name, fmt::format("DNS:{},DNS:localhost,IP:127.0.0.1", host)) &&
      X509_sign(x, key, EVP_sha256()) > 0;
  if (!made) return fail(openssl_failed("making a certificate"));
  return certificate;
}

}  // namespace

Result<void> make_self_signed(const std::string& host, const std::string& certificate_file,
                              const std::string& key_file) {
  if (exists(certificate_file)) {
    if (exists(key_file)) return {};
    return fail(Error::permanent(fmt::format("{} is there, its key {} is not", certificate_file, key_file)));
  }
  const KeyPtr key = TRY(exists(key_file) ? load_key(key_file) : make_key(key_file));
  const CertificatePtr certificate = TRY(certify(key.get(), host));
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate.get()) != 1)
    return fail(openssl_failed("writing a certificate"));
  return replace_file(certificate_file, text_of(bio.get()), 0644);
}

}  // namespace futar::net
