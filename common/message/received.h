// Our trace field (RFC 5321 §4.4), and the count of all of them, which cuts loops (§6.3).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/base/ids.h"
#include "common/message/header.h"
#include "common/smtp/address.h"

namespace futar::message {

constexpr size_t max_received = 100;  ///< more is replies::too_many_hops()

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

size_t count_received(std::span<const Field> fields);

}  // namespace futar::message
