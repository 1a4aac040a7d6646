#include "tests/fakes/pki.h"

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "common/base/file.h"
#include "common/net/openssl.h"

namespace futar {

using net::BioPtr;
using net::CertificatePtr;
using net::KeyPtr;

namespace {

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL: " + net::openssl_error());
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

std::string pem(const X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(bio.get(), const_cast<X509*>(certificate)) == 1);
  char* octets = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &octets);
  return {octets, static_cast<size_t>(size)};
}

std::string pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* octets = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &octets);
  return {octets, static_cast<size_t>(size)};
}

CertificatePtr blank(EVP_PKEY* key, const std::string& common_name, int64_t from_s, int64_t until_s,
                     int serial) {
  CertificatePtr certificate(X509_new());
  X509* x = certificate.get();
  must(X509_set_version(x, X509_VERSION_3) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), serial) == 1 &&
       X509_gmtime_adj(X509_getm_notBefore(x), from_s) && X509_gmtime_adj(X509_getm_notAfter(x), until_s) &&
       X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                                  0) == 1 &&
       X509_set_pubkey(x, key) == 1);
  return certificate;
}

std::string der(const X509* certificate, bool only_key) {
  unsigned char* octets = nullptr;
  const int size = only_key ? i2d_PUBKEY(X509_get0_pubkey(certificate), &octets)
                            : i2d_X509(const_cast<X509*>(certificate), &octets);
  must(size > 0);
  std::string text(reinterpret_cast<char*>(octets), static_cast<size_t>(size));
  OPENSSL_free(octets);
  return text;
}

std::string digest(const EVP_MD* algorithm, const std::string& octets) {
  std::string result(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  must(EVP_Digest(octets.data(), octets.size(), reinterpret_cast<unsigned char*>(result.data()), &size,
                  algorithm, nullptr) == 1);
  result.resize(size);
  return result;
}

}  // namespace

struct TestPki::Pair {
  KeyPtr key{EVP_EC_gen("P-256")};
  CertificatePtr certificate;
};

TestPki::TestPki() : authority_(std::make_unique<Pair>()), authority_file_(folder_ / "authority.pem") {
  authority_->certificate = blank(authority_->key.get(), "Test Authority", -86'400, 86'400, 1);
  X509* x = authority_->certificate.get();
  add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(x, NID_key_usage, "critical,keyCertSign");
  must(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
       X509_sign(x, authority_->key.get(), EVP_sha256()) > 0);
  must(replace_file(authority_file_, pem(x), 0644).has_value());
}

TestPki::~TestPki() = default;

std::shared_ptr<net::TlsContext> TestPki::server(const Wanted& wanted) const {
  Pair leaf;
  leaf.certificate = blank(leaf.key.get(), wanted.common_name, wanted.from_s, wanted.until_s, 2 + made_);
  X509* x = leaf.certificate.get();
  add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x, NID_ext_key_usage, "serverAuth");
  std::string names;
  for (const std::string& name : wanted.names)
    names += fmt::format("{}DNS:{}", names.empty() ? "" : ",", name);
  if (!names.empty()) add_extension(x, NID_subject_alt_name, names);
  const Pair& issuer = wanted.self_signed ? leaf : *authority_;
  must(X509_set_issuer_name(x, X509_get_subject_name(issuer.certificate.get())) == 1 &&
       X509_sign(x, issuer.key.get(), EVP_sha256()) > 0);
  const std::string file = folder_ / std::to_string(++made_);
  const std::string behind = wanted.self_signed ? "" : pem(authority_->certificate.get());
  must(replace_file(file + ".pem", pem(x) + behind, 0644).has_value());
  must(replace_file(file + ".key", pem(leaf.key.get()), 0600).has_value());
  const auto context = net::TlsContext::server(file + ".pem", file + ".key");
  if (!context) throw std::runtime_error(context.error().text);
  return *context;
}

net::TlsaRecord TestPki::tlsa(const net::TlsContext& server, uint8_t usage, uint8_t selector,
                              uint8_t matching) const {
  const bool of_leaf = usage == 1 || usage == 3;
  const std::string octets =
      der(of_leaf ? SSL_CTX_get0_certificate(server.get()) : authority_->certificate.get(), selector == 1);
  return {usage, selector, matching,
          matching == 0   ? octets
          : matching == 1 ? digest(EVP_sha256(), octets)
                          : digest(EVP_sha512(), octets)};
}

}  // namespace futar
