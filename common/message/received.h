// Our trace field (RFC 5321 §4.4).
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/ids.h"
#include "common/smtp/address.h"

namespace futar::message {

/// Who connected: what it said, what the DNS says, where it is.
struct ReceivedFrom {
  std::string helo;
  std::string name;     ///< reverse DNS, confirmed; "" if none
  std::string literal;  ///< "[192.0.2.1]"; "" for a UNIX socket
};

struct Received {
  std::optional<ReceivedFrom> from;  ///< none: where the user sits is nobody's business (submission)
  std::string by;                    ///< our host name
  std::string protocol;              ///< "ESMTPSA" (RFC 3848), "UTF8SMTPS" (RFC 6531 §4.3), "local"
  MessageId id;
  std::optional<smtp::Address> recipient;  ///< only when there is one: a second would learn of the first
  std::string tls_version, tls_cipher;     ///< "TLSv1.3", "TLS_AES_256_GCM_SHA384"; "" without TLS
  int64_t wall_ms = 0;
  int zone_minutes = 0;
};

/// The whole field, folded, with its last CRLF. Nothing that the peer said can end the line, a comment or the
/// field: octets outside letters, digits and "-._:[]" become '?'.
std::string received_field(const Received& received);

}  // namespace futar::message
