#include "common/config/printer.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/config/units.h"

namespace futar::config {
namespace {

// A TOML basic string (values hold no control characters but perhaps a tab).
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + '"';
}

std::string print_list(const List& list) {
  std::string out = "[";
  for (const auto& item : list) out += (out.size() > 1 ? ", " : "") + quoted(item);
  return out + "]";
}

std::string print_table(const Table& table) {
  if (table.empty()) return "{}";
  std::string out = "{ ";
  for (const auto& [key, item] : table)
    out += fmt::format("{}{} = {}", out.size() > 2 ? ", " : "", quoted(key), quoted(item));
  return out + " }";
}

// The sentence as comment lines of at most 100 columns.
std::string comment(std::string_view sentence) {
  std::string out;
  while (!sentence.empty()) {
    size_t end = sentence.size();
    if (end > 98) end = sentence.rfind(' ', 98);
    out += fmt::format("# {}\n", sentence.substr(0, end));
    sentence.remove_prefix(std::min(sentence.size(), end + 1));
  }
  return out;
}

std::string heading(const Option& option, std::string_view& section) {
  if (option.section == section) return "";
  section = option.section;
  return fmt::format("\n[{}]\n", section);
}

std::string table_cell(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

std::string print_value(const Option& option, const Value& value) {
  switch (option.type) {
    case Type::text:
      return quoted(std::get<std::string>(value));
    case Type::number:
      return std::to_string(std::get<int64_t>(value));
    case Type::duration:
      return quoted(print_duration(std::get<int64_t>(value)));
    case Type::size:
      return quoted(print_size(static_cast<uint64_t>(std::get<int64_t>(value))));
    case Type::flag:
      return std::get<bool>(value) ? "true" : "false";
    case Type::list:
      return print_list(std::get<List>(value));
    case Type::table:
      return print_table(std::get<Table>(value));
  }
  return "";
}

std::string show(const Config& config, bool changed_only) {
  std::string out;
  std::string_view section;
  for (const auto& entry : config.entries()) {
    if (changed_only && entry.origin.empty()) continue;
    out += heading(*entry.option, section);
    out += fmt::format("{} = {}", entry.option->key, print_value(*entry.option, entry.value));
    out += entry.origin.empty() ? "\n" : fmt::format("  # {}\n", printable(entry.origin));
  }
  return out;
}

std::string sample() {
  std::string out =
      "# Futár's settings. Each line that is commented out shows the default.\n"
      "# Durations: \"30s\", \"5m\", \"4h\", \"5d\". Sizes: \"512KiB\", \"50MiB\", \"2GiB\".\n"
      "# Any key can also be set by the environment: FUTAR__MTA__MAX_SIZE=20MiB is mta.max_size.\n\n";
  std::string_view section;
  for (const Option& option : options()) {
    out += heading(option, section);
    out += comment(option.sentence);
    const std::string bounds = bounds_words(option);
    if (!bounds.empty()) out += comment(fmt::format("({})", bounds));
    out += fmt::format("#{} = {}\n", option.key, option.fallback);
  }
  return out;
}

std::string reference() {
  std::string out = "| key | default | value | meaning |\n|---|---|---|---|\n";
  for (const Option& option : options()) {
    const std::string bounds = bounds_words(option);
    out +=
        fmt::format("| `{}` | `{}` | {}{} | {} |\n", option.name(), option.fallback, type_words(option.type),
                    bounds.empty() ? "" : table_cell(": " + bounds), table_cell(option.sentence));
  }
  return out;
}

}  // namespace futar::config
