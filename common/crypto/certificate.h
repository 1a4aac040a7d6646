// What a certificate says, and what others may pin of it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::crypto {

/// The SubjectPublicKeyInfo (DER) of the first certificate in a PEM text: what TLSA selector 1 speaks of
/// (RFC 6698 §2.1.2).
Result<std::string> certificate_key(std::string_view pem);

struct Certificate {
  std::vector<std::string> names;   ///< of the DNS, lower case; without any the common name
  std::string subject, issuer;      ///< in one line each
  int64_t from_s = 0, until_s = 0;  ///< UNIX time
  std::string octets, key;          ///< DER; the key as SubjectPublicKeyInfo
};
/// All certificates of a PEM text in their order, the server's own first. None is an error (permanent).
Result<std::vector<Certificate>> certificates_in(std::string_view pem);

/// The SubjectPublicKeyInfo (DER) that belongs to a private key in PEM without a pass phrase.
Result<std::string> public_half(std::string_view private_pem);

/// Whether one of the names is `host`; "*.example.org" stands for one label (RFC 6125 §6.4.3).
bool is_for(const Certificate& certificate, std::string_view host);

/// RFC 6698 §2.1: does a TLSA record with this selector, matching type and data name the certificate?
bool tlsa_matches(const Certificate& certificate, int selector, int matching, std::string_view data);

}  // namespace futar::crypto
