#include "deploy/futar/queue_before.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

const char* age_name(int64_t age_ms) {
  constexpr int64_t hour_ms = 3'600'000;
  return age_ms < hour_ms        ? "under_1h"
         : age_ms < 4 * hour_ms  ? "under_4h"
         : age_ms < 24 * hour_ms ? "under_1d"
                                 : "older";
}

std::string last_words(const json& item) {
  if (item.value("on_link", false)) return "waits for mda";
  const std::string answer = text_of(item, "last_answer");
  return answer.empty() ? text_of(item, "reason") : answer;
}

std::string destination_of(const json& item) {
  const std::string destination = text_of(item, "destination"), to = text_of(item, "to");
  return destination.empty() ? to.substr(to.rfind('@') + 1) : destination;
}

void count(json& one, const json& item, int64_t now_ms) {
  const auto add = [&](const char* name) { one[name] = one[name].get<int64_t>() + 1; };
  add("all");
  add(age_name(now_ms - item.value("accepted_ms", now_ms)));
  if (item.value("state", "") == "held") add("held");
  const std::string due = text_of(item, "due");  // RFC 3339 in UTC: the least is the first
  if (!due.empty() && (one["next"].is_null() || due < one["next"].get<std::string>())) one["next"] = due;
}

}  // namespace

json queue_by_destination(const json& recipients, int64_t now_ms) {
  const json none = {{"all", 0},   {"under_1h", 0}, {"under_4h", 0},   {"under_1d", 0},
                     {"older", 0}, {"held", 0},     {"next", nullptr}, {"last", ""}};
  std::map<std::string, json> destinations;
  std::map<std::string, int64_t> newest;
  for (const json& item : recipients) {
    const std::string name = destination_of(item);
    json& one = destinations.try_emplace(name, none).first->second;
    count(one, item, now_ms);
    const auto attempt = item.value("last_attempt_ms", int64_t{0});
    if (std::string words = last_words(item); !words.empty() && attempt >= newest[name]) {
      one["last"] = std::move(words);
      newest[name] = attempt;
    }
  }
  json out = json::array();
  for (auto& [name, one] : destinations) {
    one["destination"] = name;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace futar::deploy
