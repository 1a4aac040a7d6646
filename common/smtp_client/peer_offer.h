// What a server's answer to EHLO promises (RFC 5321 §4.1.1.1). Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace futar::smtp_client {

/// What EHLO said (RFC 5321 §4.1.1.1).
struct PeerOffer {
  bool extended = false;  ///< it knows EHLO
  bool starttls = false, pipelining = false, eight_bit = false, smtputf8 = false, chunking = false,
       dsn = false;
  bool size_told = false;
  uint64_t max_size = 0;          ///< 0 = no fixed limit
  size_t max_recipients = 100;    ///< LIMITS RCPTMAX (RFC 9422), else 100
  size_t max_domains = SIZE_MAX;  ///< LIMITS RCPTDOMAINMAX: of the recipients of one transaction
  size_t max_messages = 0;        ///< LIMITS MAILMAX; 0 = not told
  std::vector<std::string> auth;  ///< mechanisms in upper case, in the server's order
  bool operator==(const PeerOffer&) const = default;
};

/// Of the whole answer, as in Said.text: lines "250-SIZE 1000", the first without meaning. Keywords and
/// mechanisms in any case; what is not understood is passed over.
PeerOffer parse_offer(std::string_view text);

}  // namespace futar::smtp_client
