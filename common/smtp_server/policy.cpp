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

event::Event refused_event(const Client& client, const Refusal& refusal, int64_t wall_ms) {
  using event::Field;
  constexpr size_t told_recipients = 20;
  event::Event event(wall_ms, event::Kind::refused);
  const auto with = [&](Field field, std::string value) {
    if (!value.empty()) event.with(field, std::move(value));
  };
  with(Field::client, client.uid ? "local" : client.peer.address.text());
  with(Field::helo, client.helo);
  with(Field::login, client.login);
  with(Field::at, std::string(refusal.at));
  with(Field::reverse_path, refusal.envelope.reverse_path.text());
  const auto& recipients = refusal.envelope.recipients;
  for (size_t i = 0; i < std::min(recipients.size(), told_recipients); ++i)
    with(Field::recipient, recipients[i].address.text());
  with(Field::reply, refusal.reply.line());
  with(Field::cause, std::string(refusal.cause));
  return event;
}

Task<Decision> Policy::connected(const Client&) { co_return Decision::go_on(); }

Task<AuthResult> Policy::authenticate(const Client&, AuthExchange&) {
  co_return AuthResult{"", smtp::replies::not_implemented(), "no login here"};
}

}  // namespace futar::smtp_server
