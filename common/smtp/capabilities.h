// What EHLO and LHLO say, and whether a command uses only what was said.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/smtp/command.h"
#include "common/smtp/reply.h"

namespace futar::smtp {

/// Beside what every listener offers: PIPELINING, 8BITMIME, SMTPUTF8, CHUNKING, ENHANCEDSTATUSCODES.
struct Offer {
  std::string host;
  uint64_t max_size = 0;      ///< SIZE (RFC 1870); 0 = no fixed limit
  size_t max_recipients = 0;  ///< LIMITS RCPTMAX (RFC 9422); 0 = not told
  bool starttls = false;
  bool dsn = false;
  std::vector<std::string> auth;  ///< mechanisms
};

Reply hello_extended(const Offer& offer);

/// 552 when SIZE is over the limit, 555 for a parameter of an extension that is not offered, 553 5.6.7 for
/// UTF-8 in an address without SMTPUTF8.
std::optional<Reply> check_offered(const Offer& offer, const Mail& mail);
std::optional<Reply> check_offered(const Offer& offer, const MailParameters& transaction, const Rcpt& rcpt);

}  // namespace futar::smtp
