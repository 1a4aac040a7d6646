#include "common/spool/trace_query.h"

#include "common/base/text.h"

namespace futar::spool {
namespace {

std::string in_brackets(std::string_view message_id) {
  return message_id.starts_with('<') ? std::string(message_id) : fmt::format("<{}>", message_id);
}

}  // namespace

bool matches_id(const MessageId& id, std::string_view wanted) {
  const std::string text = id.text();
  const std::string lower = ascii_lower(wanted);
  if (lower.size() == MessageId::text_size) return text == lower;
  return (lower.size() >= 6 && text.ends_with(lower)) || (lower.size() >= 10 && text.starts_with(lower));
}

bool matches_address(const smtp::Address& address, std::string_view wanted) {
  if (wanted.starts_with('@')) return equal_nocase(address.domain, wanted.substr(1));
  if (wanted.find('@') == std::string_view::npos) return equal_nocase(address.domain, wanted);
  return equal_nocase(address.text(), wanted);
}

bool TraceQuery::is_for(const Summary& summary, std::span<const event::Event> events,
                        std::span<const smtp::Address> more) const {
  const auto has = [&](event::Field field, const std::string& value) {
    return std::ranges::any_of(events, [&](const event::Event& e) { return e.get(field) == value; });
  };
  const auto goes_to = [&](const std::string& address) {
    return std::ranges::any_of(more, [&](const auto& one) { return matches_address(one, address); }) ||
           std::ranges::any_of(summary.envelope.recipients,
                               [&](const auto& one) { return matches_address(one.address, address); });
  };
  const smtp::Address& sender = summary.envelope.reverse_path;
  if (!ids.empty()) return std::ranges::count(ids, summary.id) > 0;
  if (summary.accepted_ms < since_ms) return false;
  if (!from.empty() && !matches_address(sender, from)) return false;
  if (!to.empty() && !goes_to(to)) return false;
  if (!client.empty() && !has(event::Field::client, client)) return false;
  if (!message_id.empty() && !has(event::Field::message_id, in_brackets(message_id))) return false;
  if (what.empty()) return true;
  if (what.starts_with('<')) return has(event::Field::message_id, what);
  if (!is_by_id()) return matches_address(sender, what) || goes_to(what);
  return matches_id(summary.id, what);
}

}  // namespace futar::spool
