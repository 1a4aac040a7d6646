#include "deploy/futar/render/refused.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

constexpr size_t shown_recipients = 3;

void add_once(std::vector<std::string>& list, std::string value) {
  if (std::ranges::count(list, value) == 0) list.push_back(std::move(value));
}

// The newest refusal comes first in an answer.
std::vector<json> oldest_first(const json& answer) {
  if (!answer.is_object()) return {};
  std::vector<json> items;
  for (const json& item : answer.value("refused", json::array())) items.push_back(item);
  std::ranges::reverse(items);
  return items;
}

void add_refusal(RefusedMail& mail, const json& item) {
  mail.id = item.value("id", "");
  for (const auto& [key, field] : {std::pair{"client", &RefusedMail::client},
                                   {"helo", &RefusedMail::helo},
                                   {"login", &RefusedMail::login},
                                   {"from", &RefusedMail::from},
                                   {"at", &RefusedMail::at},
                                   {"reply", &RefusedMail::reply},
                                   {"cause", &RefusedMail::cause}})
    mail.*field = text_of(item, key);
  for (const json& address : item.value("recipients", json::array()))
    if (address.is_string()) add_once(mail.recipients, printable(address.get<std::string>()));
  for (const json& event : item.value("events", json::array()))
    insert_by_time(mail.events, traced_event(event));
}

int64_t began_ms(const RefusedMail& mail) { return mail.events.empty() ? 0 : mail.events.front().ms; }

bool is_temporary(const RefusedMail& mail) { return mail.reply.starts_with('4'); }

std::string headline(const RefusedMail& mail) {
  const std::string code = mail.reply.substr(0, 3);
  if (mail.at == "AUTH") return fmt::format("LOGIN REFUSED ({})", code);
  if (is_temporary(mail)) return fmt::format("PUT OFF ({}); nothing stored, its sender may try again", code);
  return fmt::format("REFUSED ({}); nothing stored, nobody was bounced", code);
}

// Whom it was from and to, as far as it came to that.
std::string envelope_in_words(const RefusedMail& mail) {
  const bool has_sender = mail.at == "MAIL" || mail.at == "RCPT" || mail.at == "DATA" || mail.at == "BDAT";
  if (mail.from.empty() && !has_sender) return mail.helo.empty() ? "" : "HELO " + mail.helo + "   ";
  std::string to;
  for (size_t i = 0; i < std::min(mail.recipients.size(), shown_recipients); ++i)
    to += (to.empty() ? "" : ", ") + mail.recipients[i];
  if (mail.recipients.size() > shown_recipients)
    to += fmt::format(" and {} more", mail.recipients.size() - shown_recipients);
  return fmt::format("{}{}{}   ", mail.from.empty() ? "<>" : mail.from, to.empty() ? "" : " -> ", to);
}

}  // namespace

std::vector<RefusedMail> join_refused(const json& msa, const json& mta,
                                      std::vector<TracedMessage>& messages) {
  std::map<std::string, RefusedMail> mails;
  for (const json* answer : {&msa, &mta})
    for (const json& item : oldest_first(*answer)) {
      const auto message = std::ranges::find(messages, item.value("id", ""), &TracedMessage::id);
      if (message == messages.end()) {
        add_refusal(mails[item.value("id", "")], item);
        continue;
      }
      for (const json& event : item.value("events", json::array()))
        insert_by_time(message->events, traced_event(event));
    }
  std::vector<RefusedMail> joined;
  for (auto& [id, mail] : mails) joined.push_back(std::move(mail));
  std::ranges::sort(joined, {}, began_ms);
  return joined;
}

std::string refused_in_words(const RefusedMail& mail) {
  std::string out = fmt::format("{}  {}\n", mail.id, headline(mail));
  out +=
      fmt::format("{}from {}   {}\n", envelope_in_words(mail), mail.client, moment_in_words(began_ms(mail)));
  return out + way_in_words(mail.events, began_ms(mail));
}

json refused_json(const RefusedMail& mail) {
  json recipients = json::array(), events = json::array();
  for (const std::string& address : mail.recipients)
    recipients.push_back({{"address", address}, {"state", "refused"}, {"reason", mail.reply}});
  for (const TracedEvent& event : mail.events) events.push_back(event_json(event));
  return {{"id", mail.id},
          {"state", "refused"},
          {"from", mail.from},
          {"client", mail.client},
          {"helo", mail.helo},
          {"login", mail.login},
          {"at", mail.at},
          {"reply", mail.reply},
          {"cause", mail.cause},
          {"refused", rfc3339(mail.events.empty() ? 0 : mail.events.back().ms)},
          {"recipients", std::move(recipients)},
          {"events", std::move(events)}};
}

std::string explained_in_words(const RefusedMail& mail) {
  const Explanation told = explain(mail);
  std::string out = fmt::format("{}: {}\n", is_temporary(mail) ? "Put off" : "Refused", told.why);
  out += wrapped("  rule    ", told.rule) + wrapped("  inputs  ", told.inputs);
  return out + wrapped("  cure    ", "sender: " + told.sender) +
         wrapped("          ", "you: " + told.postmaster);
}

json explained_json(const RefusedMail& mail) {
  const Explanation told = explain(mail);
  return {{"id", mail.id},
          {"state", "refused"},
          {"reply", mail.reply},
          {"reason", told.why},
          {"rule", told.rule},
          {"inputs", told.inputs},
          {"cure", {{"sender", told.sender}, {"postmaster", told.postmaster}}}};
}

}  // namespace futar::deploy
