#include "common/crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "common/base/owned.h"
#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::crypto {
namespace {

using Bio = Owned<BIO, BIO_free_all>;
using X509Owner = Owned<X509, X509_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Names = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

Bio reading(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// What an i2d function writes.
template <class Write>
std::string der(Write write) {
  unsigned char* octets = nullptr;
  const int size = write(&octets);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(octets), static_cast<size_t>(size));
  OPENSSL_free(octets);
  return text;
}

std::string key_of(X509* certificate) {
  return der([&](unsigned char** out) { return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), out); });
}

std::string one_line(X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(std::max(size, 0L))};
}

int64_t seconds_of(const ASN1_TIME* time) {
  tm broken{};
  return ASN1_TIME_to_tm(time, &broken) == 1 ? static_cast<int64_t>(timegm(&broken)) : 0;
}

std::string text_of(const ASN1_STRING* string) {
  return ascii_lower({reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                      static_cast<size_t>(ASN1_STRING_length(string))});
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const Names all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i)
    if (const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i); name->type == GEN_DNS)
      names.push_back(text_of(name->d.dNSName));
  if (!names.empty()) return names;
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) names.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  return names;
}

Certificate facts_of(X509* certificate) {
  return {names_of(certificate),
          one_line(X509_get_subject_name(certificate)),
          one_line(X509_get_issuer_name(certificate)),
          seconds_of(X509_get0_notBefore(certificate)),
          seconds_of(X509_get0_notAfter(certificate)),
          der([&](unsigned char** out) { return i2d_X509(certificate, out); }),
          key_of(certificate)};
}

}  // namespace

Result<std::string> certificate_key(std::string_view pem) {
  return std::move(TRY(certificates_in(pem)).front().key);
}

Result<std::vector<Certificate>> certificates_in(std::string_view pem) {
  const Bio in = reading(pem);
  std::vector<Certificate> all;
  while (const X509Owner one{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)})
    all.push_back(facts_of(one.get()));
  ERR_clear_error();
  if (all.empty()) return fail(Error::permanent("no certificate in PEM"));
  if (all.front().key.empty()) return fail(Error::permanent("the certificate has no key"));
  return all;
}

Result<std::string> public_half(std::string_view private_pem) {
  const Bio in = reading(private_pem);
  char no_phrase[] = "";
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, no_phrase));
  ERR_clear_error();
  if (!key) return fail(Error::permanent("no private key in PEM, or one with a pass phrase"));
  return der([&](unsigned char** out) { return i2d_PUBKEY(key.get(), out); });
}

bool is_for(const Certificate& certificate, std::string_view host) {
  const std::string wanted = ascii_lower(host);
  return std::ranges::any_of(certificate.names, [&](std::string_view name) {
    if (!name.starts_with("*.")) return name == wanted;
    const auto dot = wanted.find('.');
    return dot != std::string::npos && dot > 0 && std::string_view(wanted).substr(dot) == name.substr(1);
  });
}

bool tlsa_matches(const Certificate& certificate, int selector, int matching, std::string_view data) {
  if (selector < 0 || selector > 1) return false;
  const std::string& octets = selector == 1 ? certificate.key : certificate.octets;
  if (matching == 0) return data == octets;
  if (matching == 1) return data == digest(EVP_sha256(), octets);
  return matching == 2 && data == digest(EVP_sha512(), octets);
}

}  // namespace futar::crypto
