#include "deploy/futar/render/dns.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

constexpr size_t most_in_string = 255;

// A line for each row, and below it what belongs to it, indented to the column of the type.
std::string with_lines_below(const std::vector<std::vector<std::string>>& rows,
                             const std::vector<std::string>& below, size_t columns) {
  size_t indent = 0;
  for (size_t column = 0; column < columns; ++column) {
    size_t width = 0;
    for (const auto& row : rows) width = std::max(width, row[column].size());
    indent += width + 2;
  }
  std::string out;
  const std::string lines = table(rows);
  size_t at = 0;
  for (const std::string& line : below) {
    const size_t end = lines.find('\n', at) + 1;
    out += lines.substr(at, end - at);
    if (!line.empty()) out += std::string(indent, ' ') + line + "\n";
    at = end;
  }
  return out;
}

std::string notes_of(const json& answer, const char* mark) {
  std::string out;
  for (const json& note : answer.value("notes", json::array()))
    out += fmt::format("{} {}\n", mark, printable(note.get<std::string>()));
  if (const std::string policy = answer.value("sts_policy", ""); !policy.empty()) {
    out += fmt::format("{} serve this as {}\n", mark, text_of(answer, "sts_url"));
    for (const std::string_view line : split(policy, '\n'))
      if (!line.empty()) out += fmt::format("{}   {}\n", mark, line);
  }
  return out;
}

// Of a record: safe for a terminal, and not cut, since it may be copied from there.
std::string whole(const json& record, const char* key) { return printable(record.value(key, ""), 64 * 1024); }

std::string shown_value(const json& record) {
  const std::string state = text_of(record, "state");
  return whole(record, state == "unknown" ? "why" : state == "missing" ? "value" : "found");
}

}  // namespace

std::string dns_txt_strings(std::string_view text) {
  std::string out;
  do {
    out += out.empty() ? "\"" : " \"";
    for (const char c : text.substr(0, most_in_string)) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
    text.remove_prefix(std::min(most_in_string, text.size()));
  } while (!text.empty());
  return out;
}

std::string dns_in_words(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> reasons;
  for (const json& record : answer.at("records")) {
    rows.push_back(
        {text_of(record, "level"), text_of(record, "type"), text_of(record, "name"), whole(record, "value")});
    reasons.push_back(fmt::format("({})", text_of(record, "reason")));
  }
  return with_lines_below(rows, reasons, 1) + notes_of(answer, " !");
}

std::string dns_as_zone(const json& answer) {
  std::string out;
  for (const json& record : answer.at("records")) {
    const std::string value = record.at("value").get<std::string>(), type = text_of(record, "type");
    const std::string shown = type == "TXT" ? dns_txt_strings(value) : value;
    out += fmt::format("; {}: {}\n{}. 3600 IN {} {}\n", text_of(record, "level"), text_of(record, "reason"),
                       text_of(record, "name"), type, shown);
  }
  return out + notes_of(answer, ";");
}

std::string dns_checked_in_words(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> below;
  for (const json& record : answer.at("records")) {
    rows.push_back({text_of(record, "state"), text_of(record, "level"), text_of(record, "type"),
                    text_of(record, "name"), shown_value(record)});
    std::string line;
    if (text_of(record, "state") == "WRONG") {
      line = "want  " + whole(record, "want");
      if (const std::string why = text_of(record, "why"); !why.empty()) line += fmt::format("  ({})", why);
    }
    below.push_back(std::move(line));
  }
  return with_lines_below(rows, below, 2) + notes_of(answer, " !");
}

}  // namespace futar::deploy
