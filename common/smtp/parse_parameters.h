// The parameters behind the path of MAIL and RCPT, one row a keyword. Whether the session offered the
// extension is asked in capabilities.h.
#pragma once
#include <expected>
#include <string_view>

#include "common/smtp/parameters.h"
#include "common/smtp/reply.h"

namespace futar::smtp {

/// "SIZE=1000 BODY=8BITMIME": words with one space between them. 555 5.5.4 unknown keyword, 501 5.5.4 bad
/// value.
std::expected<MailParameters, Reply> parse_mail_parameters(std::string_view text);
std::expected<RcptParameters, Reply> parse_rcpt_parameters(std::string_view text);

}  // namespace futar::smtp
