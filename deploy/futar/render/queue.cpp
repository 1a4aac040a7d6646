#include "deploy/futar/render/queue.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "common/base/text.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

// Why it is not there. What waits on the link has had no attempt that could have given a reason.
std::string answer_of(const json& item) {
  if (item.value("on_link", false)) return "waits for mda";
  const std::string answer = text_of(item, "last_answer");
  return answer.empty() ? text_of(item, "reason") : answer;
}

std::string number_or_dash(const json& number) {
  const auto value = number.get<uint64_t>();
  return value ? std::to_string(value) : "-";
}

// "14:40", or the date when it is not within a day.
std::string clock_words(std::string_view rfc3339) {
  const int64_t ms = parse_rfc3339(rfc3339);
  return ms ? moment_in_words(ms).substr(7, 5) : "-";
}

}  // namespace

std::string destinations_in_words(const json& destinations) {
  if (destinations.empty()) return "The queue is empty.\n";
  std::vector<std::vector<std::string>> rows{
      {"destination", "all", "<1 h", "<4 h", "<1 d", "older", "held", "next", "last answer"}};
  for (const json& d : destinations)
    rows.push_back({text_of(d, "destination"), number_or_dash(d["all"]), number_or_dash(d["under_1h"]),
                    number_or_dash(d["under_4h"]), number_or_dash(d["under_1d"]), number_or_dash(d["older"]),
                    number_or_dash(d["held"]), clock_words(text_of(d, "next")), text_of(d, "last")});
  return table(rows);
}

std::string recipients_in_words(const json& recipients, int64_t now_ms) {
  if (recipients.empty()) return "Nothing matches.\n";
  std::vector<std::vector<std::string>> rows{
      {"id", "state", "age", "size", "from", "to", "next", "last answer"}};
  for (const json& item : recipients)
    rows.push_back({text_of(item, "id"), text_of(item, "state"),
                    duration_in_words(now_ms - item.value("accepted_ms", now_ms)),
                    size_in_words(item.value("size", uint64_t{0})), "<" + text_of(item, "from") + ">",
                    "<" + text_of(item, "to") + ">", clock_words(text_of(item, "due")), answer_of(item)});
  return table(rows);
}

std::string recipient_in_words(const json& item) {
  std::string out = fmt::format("{}  <{}> -> <{}>\n  {} after {}", text_of(item, "id"), text_of(item, "from"),
                                text_of(item, "to"), text_of(item, "state"),
                                counted(item.value("attempts", uint64_t{0}), "attempt"));
  const std::string due = text_of(item, "due"), host = text_of(item, "host");
  if (!due.empty()) out += ", next " + moment_in_words(parse_rfc3339(due));
  out += "\n";
  if (const std::string there = text_of(item, "destination"); !there.empty())
    out += fmt::format("  destination {}\n", there);
  if (const std::string answer = answer_of(item); !answer.empty())
    out += fmt::format("  {}{}\n", host.empty() ? "" : host + ": ", answer);
  return out;
}

std::string acted_in_words(const std::string& verb, const json& answer) {
  const auto wished = answer.value("wished", uint64_t{0}), refused = answer.value("refused", uint64_t{0});
  std::string out = fmt::format("{}: {}", verb, counted(answer.value("count", uint64_t{0}), "recipient"));
  if (wished) out += fmt::format(", {} of them when the attempt that runs has ended", wished);
  if (refused) out += fmt::format("; {} not in a state that allows it", refused);
  return out;
}

std::string mailq_in_words(const json& recipients) {
  if (recipients.empty()) return "Mail queue is empty\n";
  std::string out = "-Queue ID-                 --Size-- ---Arrival Time---- -Sender/Recipient-------\n";
  std::string last_id;
  size_t requests = 0;
  for (const json& item : recipients) {
    const std::string id = text_of(item, "id");
    if (id != last_id) {
      ++requests;
      const char mark = item.value("state", "") == "held"        ? '!'
                        : item.value("state", "") == "in flight" ? '*'
                                                                 : ' ';
      out += fmt::format("{}{}{:>8} {:<19} {}\n", id, mark, item.value("size", uint64_t{0}),
                         moment_in_words(item.value("accepted_ms", int64_t{0})), text_of(item, "from"));
      if (const std::string reason = answer_of(item); !reason.empty()) out += fmt::format("({})\n", reason);
    }
    last_id = id;
    out += fmt::format("{:56} {}\n", "", text_of(item, "to"));
  }
  return out + fmt::format("-- {}.\n", counted(requests, "Request"));
}

}  // namespace futar::deploy
