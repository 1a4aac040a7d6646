#include "deploy/futar/render/ending.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "deploy/futar/render/words.h"

namespace futar::deploy {
namespace {

using States = std::map<std::string, size_t>;
using Names = std::initializer_list<const char*>;

constexpr Names open_states = {"waiting", "in flight", "spooled", "handed over"};
// In the order in which a message gets into them.
constexpr const char* order_of_states[] = {"expanded",  "delivered", "relayed",   "duplicate", "discarded",
                                           "bounced",   "expired",   "cancelled", "spooled",   "handed over",
                                           "in flight", "waiting",   "held"};

size_t sum(const States& states, Names names) {
  size_t total = 0;
  for (const char* name : names)
    if (const auto found = states.find(name); found != states.end()) total += found->second;
  return total;
}

States count_states(const TracedMessage& message) {
  States states;
  for (const auto& recipient : message.recipients) ++states[recipient.state];
  return states;
}

const TracedRecipient* first_in(const TracedMessage& message, Names states) {
  for (const char* state : states)
    for (const auto& recipient : message.recipients)
      if (recipient.state == state) return &recipient;
  return nullptr;
}

// Why the first recipient in one of these states is there; what another server said says it best.
std::string why(const TracedMessage& message, Names states) {
  const TracedRecipient* recipient = first_in(message, states);
  if (!recipient) return "";
  const TracedEvent* event = last_event(message, recipient->address);
  const std::string_view reply = field(event, "reply");
  if (!reply.empty()) return fmt::format(": {} said \"{}\"", host_name(field(event, "host")), reply);
  return recipient->reason.empty() ? "" : ": " + recipient->reason;
}

int64_t took_ms(const TracedMessage& message) {
  int64_t last = message.accepted_ms;
  for (const auto& event : message.events)
    if (event.kind == "delivered" || event.kind == "relayed") last = std::max(last, event.ms);
  return last - message.accepted_ms;
}

std::string relays_in_words(const TracedMessage& message) {
  std::set<std::string> hosts;
  for (const auto& event : message.events)
    if (event.kind == "relayed") hosts.insert(host_name(field(&event, "host")));
  hosts.erase("");
  if (hosts.empty()) return "";
  return hosts.size() == 1 ? " to " + *hosts.begin() : fmt::format(" to {} servers", hosts.size());
}

std::string failed_in_words(const TracedMessage& message, size_t failed, const std::string& so_far) {
  const std::string head = fmt::format("NOT DELIVERED to {}{}", counted(failed, "recipient"), so_far);
  if (first_in(message, {"bounced"})) return head + why(message, {"bounced"});
  return head + why(message, {"expired"});
}

std::string whom_to_ask(const TracedMessage& message, const TracedRecipient& recipient) {
  const TracedEvent* event = last_event(message, recipient.address, "relayed");
  const std::string_view reply = field(event, "reply"), mark = "queued as ";
  const size_t at = reply.find(mark);
  const std::string_view id = at == std::string_view::npos ? "" : reply.substr(at + mark.size());
  const std::string ask = id.empty() ? fmt::format("about the mail that it answered with \"{}\"", reply)
                                     : fmt::format("about id {}", id.substr(0, id.find_first_of(" ,;)")));
  return fmt::format("Their server has it now. If it is not in the inbox, ask them {}.",
                     reply.empty() ? "with the time above" : ask);
}

std::string whether_sender_knows(const TracedMessage& message, const TracedRecipient& recipient) {
  if (const TracedEvent* told = last_event(message, recipient.address, "reported"))
    return fmt::format("The sender was told, by message {}.", field(told, "id"));
  if (const TracedEvent* silent = last_event(message, recipient.address, "report suppressed"))
    return fmt::format("The sender was not told: {}.", field(silent, "rule"));
  return recipient.state == "cancelled" ? "The sender was not told." : "";
}

}  // namespace

const TracedEvent* last_event(const TracedMessage& message, std::string_view address, std::string_view kind) {
  const TracedEvent* last = nullptr;
  for (const TracedEvent& event : message.events) {
    const bool is_report = event.kind == "reported" || event.kind == "report suppressed";
    const bool fits = kind.empty() ? !is_report : event.kind == kind;
    if (fits && field(&event, "recipient") == address) last = &event;
  }
  return last;
}

std::string_view field(const TracedEvent* event, const char* name) {
  if (!event) return "";
  const auto found = event->fields.find(name);
  return found == event->fields.end() ? std::string_view() : std::string_view(found->second);
}

std::string short_id(const TracedMessage& message) {
  constexpr size_t length = 8;
  return message.id.size() > length ? message.id.substr(message.id.size() - length) : message.id;
}

std::string host_name(std::string_view host) {
  const size_t bracket = host.find('[');
  return std::string(bracket == 0 ? host : host.substr(0, bracket));
}

std::string headline(const TracedMessage& message) {
  const States states = count_states(message);
  const size_t delivered = sum(states, {"delivered"}), relayed = sum(states, {"relayed"});
  const std::string so_far = delivered + relayed ? fmt::format(" ({} delivered)", delivered + relayed) : "";
  if (const size_t held = sum(states, {"held"}))
    return fmt::format("HELD for {}{}{}", counted(held, "recipient"), so_far, why(message, {"held"}));
  if (const size_t open = sum(states, open_states))
    return fmt::format("WAITING for {}{}{}", counted(open, "recipient"), so_far,
                       why(message, {"spooled", "waiting", "in flight"}));
  if (const size_t failed = sum(states, {"bounced", "expired"}))
    return failed_in_words(message, failed, so_far);
  if (delivered)
    return fmt::format("DELIVERED to {} in {}",
                       delivered == 1 ? "1 mailbox" : fmt::format("{} mailboxes", delivered),
                       duration_in_words(took_ms(message)));
  if (relayed)
    return fmt::format("HANDED OVER{} after {}", relays_in_words(message),
                       duration_in_words(took_ms(message)));
  if (const TracedRecipient* removed = first_in(message, {"cancelled"})) {
    const std::string_view by = field(last_event(message, removed->address, "cancelled"), "by");
    return fmt::format("REMOVED by {}", by.empty() ? "the operator" : by);
  }
  return "ENDED without a delivery";
}

std::string_view state_of(const TracedMessage& message) {
  const States states = count_states(message);
  if (sum(states, {"held"})) return "held";
  if (sum(states, open_states)) return "waiting";
  for (const char* state : {"bounced", "expired", "delivered", "relayed", "cancelled"})
    if (sum(states, {state})) return state;
  return "ended";
}

std::string count_in_words(const TracedMessage& message) {
  const auto by_alias =
      static_cast<size_t>(std::ranges::count_if(message.recipients, &TracedRecipient::by_alias));
  std::string left = fmt::format("{} accepted", message.recipients.size() - by_alias);
  if (by_alias) left += fmt::format(" + {} by alias", by_alias);
  const States states = count_states(message);
  std::string right;
  for (const char* state : order_of_states)
    if (const size_t number = sum(states, {state}))
      right += fmt::format("{}{} {}", right.empty() ? "" : " + ", number, state);
  const size_t open = sum(states, open_states) + sum(states, {"held"});
  return fmt::format("Count: {} = {}. {}\n", left, right,
                     open ? fmt::format("{} not yet done.", open) : "Nothing waits.");
}

std::string closing_in_words(const TracedMessage& message) {
  std::string closing;
  const auto say = [&](const std::string& sentence) { closing += (closing.empty() ? "" : " ") + sentence; };
  if (first_in(message, {"held"}))
    say(fmt::format("futar queue release {} sends it on, futar queue remove {} drops it.", short_id(message),
                    short_id(message)));
  if (first_in(message, {"spooled"})) say("msa keeps it and hands it over by itself when mta is back.");
  if (const TracedRecipient* waiting = first_in(message, {"waiting"});
      waiting && last_event(message, waiting->address, "deferred"))
    say(fmt::format("It is tried again by itself; at once: futar queue retry {}", short_id(message)));
  if (const TracedRecipient* failed = first_in(message, {"bounced", "expired", "cancelled"}))
    if (const std::string told = whether_sender_knows(message, *failed); !told.empty()) say(told);
  if (const TracedRecipient* relayed = first_in(message, {"relayed"})) say(whom_to_ask(message, *relayed));
  return closing.empty() ? "" : wrapped("", closing);
}

}  // namespace futar::deploy
