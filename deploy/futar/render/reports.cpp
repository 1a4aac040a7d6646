#include "deploy/futar/render/reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

using Row = std::vector<std::string>;

constexpr size_t max_lines = 50;

uint64_t number_in(const json& object, const char* key) { return object.value(key, uint64_t{0}); }

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

// Days are those of UTC, as reporters mean them.
std::string days_in_words(const json& report) {
  const std::string from = text_of(report, "begin").substr(0, 10), to = text_of(report, "end").substr(0, 10);
  return from == to ? from : from + " to " + to;
}

struct Sums {
  uint64_t successes = 0, failures = 0;
};

Sums sums_of(const json& reports) {
  Sums sums;
  for (const json& report : reports) {
    sums.successes += number_in(report, "successes");
    sums.failures += number_in(report, "failures");
  }
  return sums;
}

// What failed, alike lines of all reports joined, the most frequent first.
class Failures {
 public:
  void add(const json& report, const char* list, const std::vector<const char*>& columns) {
    const json details = report.value("details", json::object());
    if (!details.is_object()) return;
    for (const json& entry : details.value(list, json::array())) {
      if (entry.value("pass", false)) continue;
      Row row{text_of(report, "domain")};
      for (const char* column : columns) row.push_back(or_dash(text_of(entry, column)));
      counts_[row] += number_in(entry, "count");
    }
  }
  std::string in_words(std::string_view title, Row header, std::string_view noun) const {
    if (counts_.empty()) return "";
    std::vector<std::pair<uint64_t, Row>> lines;
    uint64_t others = 0;
    for (const auto& [row, count] : counts_) lines.emplace_back(count, row);
    std::ranges::sort(lines, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::vector<Row> rows{std::move(header)};
    for (auto& [count, row] : lines) {
      if (rows.size() > max_lines) {
        others += count;
        continue;
      }
      row.insert(row.begin(), std::to_string(count));
      rows.push_back(std::move(row));
    }
    std::string out = fmt::format("\n{}\n{}", title, table(rows));
    if (others) out += fmt::format("and {} in further lines: see --json\n", counted(others, noun));
    return out;
  }

 private:
  std::map<Row, uint64_t> counts_;
};

std::string told_by(const json& answer) {
  const json reports = answer.value("reports", json::array());
  return (answer.value("more", false) ? "the newest " : "") + counted(reports.size(), "report");
}

std::string policies_of(const json& report) {
  std::string text;
  const json details = report.value("details", json::object());
  if (details.is_object())
    for (const json& policy : details.value("policies", json::array()))
      if (policy.is_string()) text += (text.empty() ? "" : ", ") + text_of(json{{"type", policy}}, "type");
  return or_dash(text);
}

std::string received_in_words(const json& answer) {
  const json reports = answer.value("reports", json::array());
  if (reports.empty()) return "No report of others about TLS came for this time.\n";
  const Sums sums = sums_of(reports);
  std::vector<Row> rows{{"domain", "day", "reporter", "policy", "good", "failed"}};
  Failures failures;
  for (const json& report : reports) {
    rows.push_back({text_of(report, "domain"), days_in_words(report), text_of(report, "organisation"),
                    policies_of(report), std::to_string(number_in(report, "successes")),
                    std::to_string(number_in(report, "failures"))});
    failures.add(report, "failures", {"result", "source", "host", "reason"});
  }
  return fmt::format("Others to us, by {}: {} with TLS, {} failed.\n\n{}", told_by(answer),
                     counted(sums.successes, "session"), sums.failures, table(rows)) +
         failures.in_words("What failed:", {"sessions", "domain", "result", "from", "to", "reason"},
                           "session");
}

std::string sent_in_words(const json& answer) {
  const json sent = answer.value("sent", json::array());
  if (sent.empty()) return "\nWe had no session to others in this time.\n";
  std::vector<Row> rows{{"sessions", "domain", "policy", "result"}};
  for (const json& one : sent)
    rows.push_back({std::to_string(number_in(one, "sessions")), text_of(one, "domain"),
                    text_of(one, "policy"), text_of(one, "result")});
  return "\nWe to others:\n" + table(rows);
}

}  // namespace

std::string dmarc_in_words(const json& answer) {
  const json reports = answer.value("reports", json::array());
  if (reports.empty()) return "No DMARC report came for this time.\n";
  const Sums sums = sums_of(reports);
  std::vector<Row> rows{{"domain", "day", "reporter", "pass", "fail"}};
  Failures failures;
  for (const json& report : reports) {
    rows.push_back({text_of(report, "domain"), days_in_words(report), text_of(report, "organisation"),
                    std::to_string(number_in(report, "successes")),
                    std::to_string(number_in(report, "failures"))});
    failures.add(report, "sources", {"source", "from", "spf", "dkim", "done", "reason"});
  }
  return fmt::format("Mail in our name, by {}: {} pass DMARC, {} fail.\n\n{}", told_by(answer),
                     counted(sums.successes, "message"), sums.failures, table(rows)) +
         failures.in_words("What fails, with what SPF and DKIM said of domains other than From's:",
                           {"messages", "domain", "source", "From", "SPF", "DKIM", "done", "reason"},
                           "message");
}

std::string tls_reports_in_words(const json& answer) {
  return received_in_words(answer) + sent_in_words(answer);
}

}  // namespace futar::deploy
