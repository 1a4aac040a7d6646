#include "mta/outbound/outcome.h"

#include <fmt/format.h>

namespace futar::mta {
namespace {

using smtp_client::Observation;
using smtp_client::Said;
using smtp_client::Stage;
using smtp_client::Trouble;

/// RFC 3463 §3.6, §3.7 and §3.4 for a message that asks for what the server does not offer.
Judgement not_capable(const std::string& what) {
  if (what == "8BITMIME")
    return {Verdict::failed, "5.6.3", "the server takes no 8-bit mail, and mail is not converted"};
  if (what == "SMTPUTF8")
    return {Verdict::failed, "5.6.7", "the server takes no internationalized addresses"};
  return {Verdict::failed, "5.3.4", "the message is larger than the server takes"};
}

Judgement tls_failed(std::string_view detail) {
  constexpr std::string_view start = "TLS failed: ";  // as the words of OpenSSL come, too
  if (detail.starts_with(start)) detail.remove_prefix(start.size());
  return {Verdict::next_host, "4.7.5",
          fmt::format("{}{}", start, detail.empty() ? "no reason given" : detail)};
}

Judgement lost(const Observation& o, const Circumstances& c) {
  const std::string how = o.detail.empty() ? std::string("the connection was lost") : o.detail;
  // After the dot nobody knows who has the message: the one place where SMTP may double (RFC 1047).
  if (o.stage == Stage::dot)
    return {Verdict::later, "4.4.2", how + " after the whole message was sent: it may have it"};
  // Inside the content the message itself may be what the server stumbles over: the others must not wait for
  // it.
  if (o.stage == Stage::content) return {Verdict::later, "4.4.2", how + " while the message was sent"};
  if (c.session_served) return {Verdict::again, "4.4.2", how};
  return {Verdict::next_host, o.stage == Stage::connect ? "4.4.1" : "4.4.2", how};
}

Judgement trouble(const Observation& o, const Circumstances& c) {
  switch (o.trouble) {
    case Trouble::not_capable:
      return not_capable(o.detail);
    case Trouble::unreadable:
      return {Verdict::held, "4.3.0", "its content cannot be read: " + o.detail};
    case Trouble::tls_failed:
    case Trouble::tls_not_offered:
      return tls_failed(o.detail);
    case Trouble::no_mechanism:
      return {Verdict::next_host, "4.7.8", o.detail.empty() ? std::string("no login in common") : o.detail};
    case Trouble::none:
    case Trouble::cannot_connect:
    case Trouble::timeout:
    case Trouble::closed:
    case Trouble::garbage:
      break;
  }
  return lost(o, c);
}

/// RFC 5321 §4.5.3.1.10: "too many recipients" behind accepted ones means another transaction. 552 is its old
/// form.
bool is_too_many(const Said& reply) {
  return reply.enhanced.ends_with(".5.3") || reply.code == 452 ||
         (reply.code == 552 && reply.enhanced.empty());
}

bool before_mail(Stage stage) { return stage < Stage::mail; }

std::string status_of(const Said& reply, Stage stage) {
  if (stage == Stage::auth) return "4.7.8";  // a refused login never returns mail
  const bool as_said = !before_mail(stage) || reply.is_temporary();
  if (as_said && !reply.enhanced.empty()) return reply.enhanced;
  return before_mail(stage) ? "4.3.2" : fmt::format("{}.0.0", reply.code / 100);
}

std::string where(Stage stage) {
  return stage == Stage::dot ? "the message" : fmt::format("at {}", smtp_client::name(stage));
}

}  // namespace

Judgement judge(const Observation& o, const Circumstances& c) {
  if (o.trouble != Trouble::none) return trouble(o, c);
  const Said& reply = o.reply;
  const std::string status = status_of(reply, o.stage);
  if (o.is_good()) return {Verdict::relayed, status, "handed over"};
  if (o.stage == Stage::auth) return {Verdict::next_host, status, "the login was refused"};
  if (o.stage == Stage::starttls && reply.code != 421) return tls_failed("STARTTLS was refused");
  // Whatever a server says before it knows the message says nothing about the message (RFC 5321 §3.1,
  // §4.2.4.2).
  if (before_mail(o.stage)) return {Verdict::next_host, status, "the server takes no mail now"};
  if (reply.code == 421 && o.stage != Stage::dot)
    return c.session_served ? Judgement{Verdict::again, status, "the server ended the session"}
                            : Judgement{Verdict::next_host, status, "the server takes no mail now"};
  if (o.stage == Stage::rcpt && c.others_accepted && is_too_many(reply))
    return {Verdict::again, status, "too many recipients at once"};
  return reply.is_permanent() ? Judgement{Verdict::failed, status, "refused " + where(o.stage)}
                              : Judgement{Verdict::later, status, "put off " + where(o.stage)};
}

std::string words(const Said& reply) {
  if (reply.code == 0) return {};
  std::string text = reply.text;
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

}  // namespace futar::mta
