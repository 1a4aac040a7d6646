// Why mail is refused, by the reply that it got: the one vocabulary of common/smtp/replies.h.
#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/smtp/replies.h"
#include "deploy/futar/render/refused.h"

namespace futar::deploy {
namespace {

namespace replies = smtp::replies;

struct Reason {
  smtp::Reply (*reply)();
  std::string_view why, rule, sender, postmaster;
};

constexpr std::string_view nothing = "nothing";

constexpr Reason reasons[] = {
    {replies::relay_denied, "it is for a domain that is not ours, and its client may not relay.",
     "mta.relay_networks, and the domains of futar domain list",
     "log in at port 465 or 587, or send to the domain's own server",
     "if the domain is yours, futar domain add; if the client may relay, mta.relay_networks"},
    {replies::mailbox_unknown, "no mailbox, alias or catch-all has this address.", "the directory",
     "correct the address", "if it should exist, futar user add or futar alias add"},
    {replies::mailbox_suspended, "the account is suspended.", "the directory", "ask the postmaster",
     "futar user resume ADDRESS"},
    {replies::mailbox_full, "the mailbox is over its quota.", "the quota of the account, mda.quota",
     "wait: servers try again by themselves", "have the mailbox emptied, or give it more"},
    {replies::smuggling, "its lines could hide a second message from the next server (SMTP smuggling).",
     "RFC 5321 §2.3.8: a line ends in CR LF, and neither stands alone",
     "mend the program that writes a bare CR, LF or NUL", nothing},
    {replies::auth_failed, "the login failed.", "the passwords of futar user list",
     "log in with the whole address and its password", "if it is forgotten, futar user passwd ADDRESS"},
    {replies::sender_not_owned, "the login may not send as this address.",
     "a login sends as its own address and its aliases", "send as the address of the login",
     "futar alias add ADDRESS LOGIN"},
    {replies::author_not_owned, "the login may not write as the address in From or Sender.",
     "From and Sender belong to the login", "write as the address of the login",
     "futar alias add ADDRESS LOGIN"},
    {replies::auth_required, "nobody had logged in.", "465 and 587 take mail after a login",
     "set up the login in the mail program; other servers use port 25", nothing},
    {replies::tls_required, "the connection was not encrypted.", "587 takes mail under TLS",
     "set the mail program to STARTTLS, or to TLS on port 465", nothing},
    {replies::message_too_big, "the message is too big.", "mta.max_size", "send a smaller one, or a link",
     "a larger mta.max_size"},
    {replies::header_too_big, "the header of the message is too big.", "a header has at most 256 KiB",
     "mend the program that wrote it", nothing},
    {replies::too_many_hops, "it has passed so many servers that it runs in a circle.",
     "RFC 5321 §6.3: at most 100 Received fields", "look which forward leads back", "look for such an alias"},
    {replies::too_many_recipients, "it has more recipients than one transaction takes.",
     "RFC 5321 §4.5.3.1.10", "nothing: servers send the rest in another transaction", nothing},
    {replies::no_space, "the disk is nearly full.", "the low-water mark of the disk",
     "wait: servers try again by themselves", "free some disk: futar status"},
    {replies::local_error, "this server had trouble of its own.", "a failure here",
     "wait: servers try again by themselves", "look into the log at that time"},
};

bool is_finding(std::string_view kind) {
  return kind != "connected" && kind != "refused" && kind != "login failed";
}

std::string inputs_of(const RefusedMail& mail) {
  std::string inputs = "client " + mail.client;
  if (!mail.login.empty()) inputs += ", login " + mail.login;
  if (mail.at == "AUTH" && !mail.cause.empty()) inputs += ", " + mail.cause;
  if (!mail.from.empty()) inputs += ", from " + mail.from;
  if (!mail.recipients.empty()) inputs += ", to " + mail.recipients.front();
  for (const TracedEvent& event : mail.events)
    if (is_finding(event.kind)) inputs += "; " + event.text;
  return inputs;
}

std::string what_of(const TracedEvent& event) {
  const auto found = event.fields.find("what");
  return found == event.fields.end() ? "" : found->second;
}

// "SPF fail, no DKIM signature, no trusted ARC seal": what proves a sender, and what it came to.
std::string proofs_of(const RefusedMail& mail) {
  std::string spf, dkim, arc = "no trusted ARC seal";
  for (const TracedEvent& event : mail.events) {
    if (event.kind == "spf" && !event.fields.contains("helo")) spf = ", SPF " + what_of(event);
    if (event.kind == "dkim")
      dkim += what_of(event) == "none" ? ", no DKIM signature" : ", DKIM " + what_of(event);
    if (event.kind == "arc") arc = event.text;
  }
  return fmt::format("{}{}, {}", spf, dkim, arc);
}

// The policy that the DNS tells, "p=reject", out of what DMARC found; "" if it is not there.
std::string policy_of(const RefusedMail& mail) {
  for (const TracedEvent& event : mail.events) {
    const size_t at = event.kind == "dmarc" ? event.text.find("p=") : std::string::npos;
    if (at != std::string::npos) return event.text.substr(at, event.text.find_first_of(" ;,", at) - at);
  }
  return "";
}

// What an SPF failure names as allowed: "send from ip4:198.51.100.0/24".
std::string allowed_senders(const RefusedMail& mail, std::string_view domain) {
  const std::string_view mark = "allows only ";
  for (const TracedEvent& event : mail.events)
    if (const size_t at = event.text.find(mark); event.kind == "spf" && at != std::string::npos)
      return "send from " + event.text.substr(at + mark.size());
  return fmt::format("send from a server that the SPF record of {} names", domain);
}

Explanation explain_dmarc(const RefusedMail& mail) {
  const std::string_view head = "550 5.7.1 From ";
  const std::string domain = mail.reply.substr(head.size(), mail.reply.find(' ', head.size()) - head.size());
  const std::string policy = policy_of(mail);
  return {fmt::format("it claims to be from {} and nothing proves that.", domain),
          fmt::format("{}; {} publishes {}", mail.cause, domain, policy.empty() ? "a DMARC policy" : policy),
          "client " + mail.client + proofs_of(mail), allowed_senders(mail, domain) + " or sign with DKIM",
          "nothing; a forwarder that seals goes into mta.arc_trusted"};
}

}  // namespace

Explanation explain(const RefusedMail& mail) {
  if (mail.reply.contains("not proven (DMARC)")) return explain_dmarc(mail);
  const auto known = std::ranges::find_if(
      reasons, [&](const Reason& reason) { return reason.reply().line() == mail.reply; });
  if (known != std::end(reasons))
    return {std::string(known->why), std::string(known->rule), inputs_of(mail), std::string(known->sender),
            std::string(known->postmaster)};
  return {fmt::format("{} at {}.", mail.cause.empty() ? mail.reply : mail.cause, mail.at),
          fmt::format("it was told \"{}\"", mail.reply), inputs_of(mail),
          mail.reply.starts_with('4') ? "wait and try again" : "mend what the reply names", "nothing"};
}

}  // namespace futar::deploy
