#include "deploy/futar/render/explained.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "deploy/futar/render/ending.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

constexpr const char* nothing = "nothing";

/// By what the reason of a state begins with; "ID" and "ADDRESS" stand for the message's and the recipient's.
struct Known {
  std::string_view begins;
  std::string_view rule, sender, postmaster;
};

constexpr Known held[] = {
    {"over the sending limit", "msa.limit_hour and msa.limit_day, or futar user add --limit",
     "send less at once, or ask the postmaster",
     "look who sent it: futar trace ID; then futar queue release ID, or suspend the account"},
    {"our own check", "mta.egress_check = \"hold\"", nothing,
     "publish what it names, then futar queue release ID"},
    {"sender not proven", "no notification goes to a sender that nothing proved (RFC 3834 §4, backscatter)",
     "prove the own domain by SPF or DKIM",
     "futar queue release ID tries again, futar queue remove ID drops it"},
    {"by ", "futar queue hold", "nothing, or ask the postmaster",
     "futar queue release ID, or futar queue remove ID"},
    {"", "a hold: mta.remote = \"hold\", or the reason above", "nothing, or ask the postmaster",
     "futar queue release ID, or futar queue remove ID"},
};

constexpr Known waiting[] = {
    {"mda is away", "mta.link_lifetime: so long mail is kept for mda", "nothing, it goes on by itself",
     "futar status; start mda"},
    {"waits for mta", "msa keeps what it took until mta has it", "nothing, it goes on by itself",
     "futar status; start mta"},
    {"mailbox full", "the quota of the account, mda.quota", "nothing, it is tried again by itself",
     "have the mailbox emptied, or give it more"},
    {"", "mta.retry_first and mta.retry_max between tries, mta.lifetime in all",
     "nothing, it is tried again by itself",
     "futar queue retry ID tries at once, futar queue bounce ID gives up"},
};

constexpr Known bounced[] = {
    {"alias loop", "RFC 5321 §6.3: what leads back to itself is cut (5.4.6)", "ask the postmaster",
     "futar alias list shows the circle, futar alias remove ALIAS TARGET opens it"},
    {"aliases nested", "an alias leads through at most ten others (5.4.6)", "ask the postmaster",
     "let the alias name the mailboxes themselves"},
    {"no mailbox", "the directory", "correct the address",
     "if it should exist, futar user add or futar alias add"},
    {"by ", "futar queue bounce", "ask the postmaster", nothing},
    {"", "RFC 5321 §4.2.1: an answer of 5yz is final", "correct the address, or do what the answer asks for",
     "nothing; futar route ADDRESS shows the way that mail for it takes"},
};

constexpr Known expired[] = {
    {"", "mta.lifetime; of held mail mta.held_lifetime",
     "send it again later, or reach the recipient otherwise",
     "futar route ADDRESS shows what hinders mail for it"},
};

constexpr Known cancelled[] = {
    {"", "futar queue remove: the sender is not told", "send it again if it is still wanted", nothing},
};

constexpr Known done[] = {{"", "", "", ""}};

const Known& known_of(const TracedRecipient& recipient) {
  const auto find = [&](std::span<const Known> list) -> const Known& {
    return *std::ranges::find_if(list,
                                 [&](const Known& one) { return recipient.reason.starts_with(one.begins); });
  };
  if (recipient.state == "held") return find(held);
  if (recipient.state == "bounced") return find(bounced);
  if (recipient.state == "expired") return find(expired);
  if (recipient.state == "cancelled") return find(cancelled);
  const bool is_open =
      recipient.state == "waiting" || recipient.state == "spooled" || recipient.state == "in flight";
  return is_open ? find(waiting) : find(done);
}

// Rules of what ended well.
std::string rule_of(const TracedRecipient& recipient) {
  if (recipient.state == "delivered") return "the directory: it lives here";
  if (recipient.state == "relayed") return "RFC 5321 §6.1: with its 250 the other server answers for it";
  if (recipient.state == "expanded") return "the directory: futar alias list";
  if (recipient.state == "duplicate") return "a mailbox gets a message once, whatever aliases lead to it";
  if (recipient.state == "handed over") return "msa answers for it until mta has it";
  return "";
}

std::string filled(std::string_view text, const TracedMessage& message, const TracedRecipient& recipient) {
  std::string out(text);
  for (const auto& [word, value] :
       {std::pair<std::string_view, std::string>("ID", short_id(message)), {"ADDRESS", recipient.address}})
    for (size_t at = 0; (at = out.find(word, at)) != std::string::npos; at += value.size())
      out.replace(at, word.size(), value);
  return out;
}

size_t tries(const TracedMessage& message, const TracedRecipient& recipient) {
  return static_cast<size_t>(std::ranges::count_if(message.events, [&](const TracedEvent& event) {
    const bool tried = event.kind == "deferred" || event.kind == "expired" ||
                       (event.kind == "bounced" && !field(&event, "host").empty());
    return tried && field(&event, "recipient") == recipient.address;
  }));
}

// What the last attempt found, and what was said.
std::string inputs_of(const TracedMessage& message, const TracedRecipient& recipient) {
  std::string inputs;
  const auto add = [&](const std::string& text) { inputs += (inputs.empty() ? "" : ", ") + text; };
  // The same address may be in a message twice, as the start and the end of a loop.
  const TracedEvent* end = last_event(message, recipient.address, recipient.state);
  const TracedEvent* last = end ? end : last_event(message, recipient.address);
  if (const size_t number = tries(message, recipient))
    add(number == 1 ? "1 try" : fmt::format("{} tries", number));
  if (const auto host = field(last, "host"); !host.empty()) add(std::string(host));
  if (const auto reply = field(last, "reply"); !reply.empty()) add(fmt::format("\"{}\"", reply));
  if (const auto targets = field(last, "targets"); !targets.empty())
    add("it leads to " + std::string(targets));
  if (const auto by = field(last, "by"); !by.empty()) add("asked by " + std::string(by));
  if (!recipient.status.empty() && !recipient.status.starts_with('2')) add("status " + recipient.status);
  if (recipient.state == "held" || recipient.state == "bounced")
    add("from " + (message.from.empty() ? "<>" : message.from));
  return inputs;
}

}  // namespace

Explanation explain(const TracedMessage& message, const TracedRecipient& recipient) {
  const Known& known = known_of(recipient);
  return {recipient.reason, known.rule.empty() ? rule_of(recipient) : std::string(known.rule),
          inputs_of(message, recipient), filled(known.sender, message, recipient),
          filled(known.postmaster, message, recipient)};
}

std::string explained_in_words(const TracedMessage& message, const TracedRecipient& recipient) {
  const Explanation told = explain(message, recipient);
  std::string head = recipient.address + ": " + recipient.state;
  if (!told.why.empty()) head += "; " + told.why;
  std::string out = wrapped("", head);
  if (!told.rule.empty()) out += wrapped("  rule    ", told.rule);
  if (!told.inputs.empty()) out += wrapped("  inputs  ", told.inputs);
  if (!told.sender.empty()) out += wrapped("  cure    ", "sender: " + told.sender);
  if (!told.postmaster.empty()) out += wrapped("          ", "you: " + told.postmaster);
  return out;
}

json explained_json(const TracedMessage& message, const TracedRecipient& recipient) {
  const Explanation told = explain(message, recipient);
  return {{"id", message.id},
          {"address", recipient.address},
          {"state", recipient.state},
          {"reason", recipient.reason},
          {"rule", told.rule},
          {"inputs", told.inputs},
          {"cure", {{"sender", told.sender}, {"postmaster", told.postmaster}}}};
}

}  // namespace futar::deploy
