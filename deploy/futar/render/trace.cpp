#include "deploy/futar/render/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "deploy/futar/render/ending.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

constexpr size_t shown_recipients = 3;
constexpr size_t longest_text = 2048;  // what is to be published may be a key

// mta keeps the history of what mda answered; these are mda's deeds.
bool is_deed_of_mda(std::string_view kind) {
  return kind == "delivered" || kind == "expanded" || kind == "discarded";
}

void add_answer(std::map<std::string, TracedMessage>& messages, const json& answer) {
  if (!answer.is_object()) return;
  for (const json& item : answer.value("messages", json::array())) {
    TracedMessage& message = messages[item.value("id", "")];
    message.id = item.value("id", "");
    message.from = printable(item.value("from", ""));
    message.size = item.value("size", uint64_t{0});
    const int64_t accepted = item.value("accepted_ms", int64_t{0});
    if (message.accepted_ms == 0 || accepted < message.accepted_ms) message.accepted_ms = accepted;
    message.recipients.clear();
    for (const json& r : item.value("recipients", json::array()))
      message.recipients.push_back({printable(r.value("address", "")), r.value("state", ""),
                                    printable(r.value("reason", ""), longest_text),
                                    r.value("by_alias", false), r.value("status", "")});
    for (const json& event : item.value("events", json::array()))
      insert_by_time(message.events, traced_event(event));
  }
}

std::string recipients_in_words(const TracedMessage& message) {
  std::string out;
  size_t count = 0;
  for (const auto& recipient : message.recipients) {
    if (recipient.by_alias) continue;
    if (count++ < shown_recipients) out += (out.empty() ? "" : ", ") + recipient.address;
  }
  return count > shown_recipients ? fmt::format("{} and {} more", out, count - shown_recipients) : out;
}

}  // namespace

TracedEvent traced_event(const json& item) {
  TracedEvent event{parse_rfc3339(item.value("t", "")),
                    item.value("agent", ""),
                    item.value("kind", ""),
                    printable(item.value("text", ""), longest_text),
                    printable(item.value("cause", ""), longest_text),
                    {}};
  for (const auto& [name, value] : item.value("fields", json::object()).items())
    if (value.is_string()) event.fields[name] = printable(value.get<std::string>(), longest_text);
  if (event.agent == "mta" && is_deed_of_mda(event.kind)) event.agent = "mda";
  return event;
}

void insert_by_time(std::vector<TracedEvent>& events, TracedEvent event) {
  const auto behind = std::ranges::upper_bound(events, event.ms, {}, &TracedEvent::ms);
  events.insert(behind, std::move(event));
}

std::vector<TracedMessage> join_traces(const json& msa, const json& mta) {
  std::map<std::string, TracedMessage> messages;
  add_answer(messages, msa);
  add_answer(messages, mta);
  std::vector<TracedMessage> joined;
  for (auto& [id, message] : messages) joined.push_back(std::move(message));
  std::ranges::sort(joined, {}, [](const TracedMessage& one) { return std::tie(one.accepted_ms, one.id); });
  return joined;
}

std::string way_in_words(const std::vector<TracedEvent>& events, int64_t since_ms) {
  const auto offset = [&](const TracedEvent& event) {
    return offset_in_words(std::max<int64_t>(event.ms - since_ms, 0));
  };
  size_t width = 0;
  for (const TracedEvent& event : events) width = std::max(width, offset(event).size());
  std::string out;
  for (const TracedEvent& event : events)
    out += wrapped(fmt::format("  {:<{}}  {:<3}  ", offset(event), width, event.agent), event.text);
  return out;
}

std::string trace_in_words(const TracedMessage& message) {
  std::string out = wrapped(message.id + "  ", headline(message));
  out += fmt::format("{} -> {}   {}   {}\n", message.from.empty() ? "<>" : message.from,
                     recipients_in_words(message), size_in_words(message.size),
                     moment_in_words(message.accepted_ms));
  return out + way_in_words(message.events, message.accepted_ms) + count_in_words(message) +
         closing_in_words(message);
}

json event_json(const TracedEvent& event) {
  return {{"t", rfc3339(event.ms)}, {"agent", event.agent}, {"kind", event.kind},
          {"text", event.text},     {"cause", event.cause}, {"fields", event.fields}};
}

json trace_json(const TracedMessage& message) {
  json recipients = json::array(), events = json::array();
  for (const auto& r : message.recipients)
    recipients.push_back({{"address", r.address},
                          {"state", r.state},
                          {"reason", r.reason},
                          {"status", r.status},
                          {"by_alias", r.by_alias}});
  for (const TracedEvent& event : message.events) events.push_back(event_json(event));
  return {{"id", message.id},
          {"state", state_of(message)},
          {"from", message.from},
          {"size", message.size},
          {"accepted", rfc3339(message.accepted_ms)},
          {"recipients", recipients},
          {"events", events}};
}

}  // namespace futar::deploy
