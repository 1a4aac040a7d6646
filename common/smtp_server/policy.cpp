#include "common/smtp_server/policy.h"

#include "common/smtp/replies.h"

namespace futar::smtp_server {

std::string Client::protocol() const {
  if (!extended) return "SMTP";  // RFC 3848 knows no HELO under TLS
  std::string name = smtputf8 ? (lmtp ? "UTF8LMTP" : "UTF8SMTP") : (lmtp ? "LMTP" : "ESMTP");
  if (tls) name += 'S';
  if (!login.empty()) name += 'A';
  return name;
}

Task<Decision> Policy::connected(const Client&) { co_return Decision::go_on(); }

Task<AuthResult> Policy::authenticate(const Client&, AuthExchange&) {
  co_return AuthResult{"", smtp::replies::not_implemented(), "no login here"};
}

}  // namespace futar::smtp_server
