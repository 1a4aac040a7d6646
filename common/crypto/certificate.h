// What others may pin of a certificate.
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::crypto {

/// The SubjectPublicKeyInfo (DER) of the first certificate in a PEM text: what TLSA selector 1 speaks of
/// (RFC 6698 §2.1.2).
Result<std::string> certificate_key(std::string_view pem);

}  // namespace futar::crypto
