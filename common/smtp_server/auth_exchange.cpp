#include "common/smtp_server/auth_exchange.h"

#include "common/base/text.h"
#include "common/smtp/replies.h"

namespace futar::smtp_server {

Task<std::optional<std::string>> LineExchange::challenge(std::string octets) {
  channel_.send(smtp::replies::auth_challenge(octets));
  const Line line = co_await read_line_();
  std::optional<std::string> answer;
  if (line.flaw == Line::Flaw::too_long)
    failure_ = smtp::replies::auth_line_too_long();
  else if (line.text == "*")
    failure_ = smtp::replies::auth_cancelled();
  else if (line.flaw == Line::Flaw::bare_lf || !(answer = base64_decode(line.text)))
    failure_ = smtp::replies::auth_bad_base64();
  co_return answer;
}

}  // namespace futar::smtp_server
