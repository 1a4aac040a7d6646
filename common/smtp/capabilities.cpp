#include "common/smtp/capabilities.h"

#include "common/smtp/replies.h"

namespace futar::smtp {

Reply hello_extended(const Offer& offer) {
  Reply reply = replies::hello(offer.host);
  const auto add = [&](const std::string& line) { reply.text += "\n" + line; };
  add("PIPELINING");
  add(offer.max_size ? fmt::format("SIZE {}", offer.max_size) : "SIZE");
  add("8BITMIME");
  add("SMTPUTF8");
  add("CHUNKING");
  if (offer.dsn) add("DSN");
  if (offer.starttls) add("STARTTLS");
  if (!offer.auth.empty()) add(fmt::format("AUTH {}", fmt::join(offer.auth, " ")));
  if (offer.max_recipients) add(fmt::format("LIMITS RCPTMAX={}", offer.max_recipients));
  add("ENHANCEDSTATUSCODES");
  return reply;
}

std::optional<Reply> check_offered(const Offer& offer, const Mail& mail) {
  const MailParameters& given = mail.parameters;
  if (!offer.dsn && given.ret != Ret::unset) return replies::unknown_parameter("RET");
  if (!offer.dsn && !given.envid.empty()) return replies::unknown_parameter("ENVID");
  if (offer.auth.empty() && !given.auth.empty()) return replies::unknown_parameter("AUTH");
  if (!given.smtputf8 && !mail.reverse_path.is_ascii()) return replies::needs_smtputf8();
  if (offer.max_size && given.size > offer.max_size) return replies::message_too_big();
  return {};
}

std::optional<Reply> check_offered(const Offer& offer, const MailParameters& transaction, const Rcpt& rcpt) {
  if (!offer.dsn && rcpt.parameters.notify.bits) return replies::unknown_parameter("NOTIFY");
  if (!offer.dsn && !rcpt.parameters.orcpt.empty()) return replies::unknown_parameter("ORCPT");
  if (!transaction.smtputf8 && !rcpt.forward_path.is_ascii()) return replies::needs_smtputf8();
  return {};
}

}  // namespace futar::smtp
