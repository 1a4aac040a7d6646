#include "common/config/reading.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <stdexcept>

#include "common/base/text.h"
#include "common/config/units.h"

namespace futar::config {
namespace {

std::unexpected<Error> wrong(std::string words) { return fail(Error::permanent(std::move(words))); }

// "scheme://user:password@host" shows the password to everyone who may read the config.
bool has_password(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const auto authority = text.substr(scheme + 3, text.find('/', scheme + 3) - (scheme + 3));
  const auto at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

Result<std::string> check_text(const Option& option, std::string text) {
  const Bounds& bounds = option.bounds;
  if (has_password(text))
    return wrong("a password does not belong into a URL; name its file by a ..._file setting");
  if (text.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos)
    return wrong("line breaks and NUL are not allowed");
  if (!bounds.choices.empty() && std::ranges::count(split(bounds.choices, '|'), std::string_view(text)) == 0)
    return wrong(fmt::format("\"{}\" is not known; it can be {}", text, bounds_words(option)));
  if (bounds.form && !bounds.form(text))
    return wrong(fmt::format("\"{}\" does not fit; it must be {}", text, bounds_words(option)));
  return text;
}

Result<Value> check_range(const Option& option, int64_t number) {
  if (number < option.bounds.least || number > option.bounds.most)
    return wrong(fmt::format("out of bounds; it must be {}", bounds_words(option)));
  return Value(number);
}

Result<Value> convert_list(const Option& option, const toml::node& node) {
  List list;
  if (const auto* one = node.as_string()) return Value(List{TRY(check_text(option, one->get()))});
  const toml::array* array = node.as_array();
  if (!array) return wrong(fmt::format("it must be {}", type_words(option.type)));
  for (const toml::node& item : *array) {
    if (!item.is_string()) return wrong(fmt::format("it must be {}", type_words(option.type)));
    list.push_back(TRY(check_text(option, item.as_string()->get())));
  }
  return Value(std::move(list));
}

Result<Value> convert_table(const Option& option, const toml::node& node) {
  Table table;
  if (!node.is_table()) return wrong(fmt::format("it must be {}", type_words(option.type)));
  for (const auto& [key, item] : *node.as_table()) {
    if (!item.is_string()) return wrong(fmt::format("\"{}\" must be a string", key.str()));
    table.emplace(key.str(), TRY(check_text(option, item.as_string()->get())));
  }
  return Value(std::move(table));
}

// The TOML value as one of the option's type, within its bounds.
Result<Value> convert(const Option& option, const toml::node& node) {
  const auto* string = node.as_string();
  const auto* integer = node.as_integer();
  switch (option.type) {
    case Type::text:
      if (string) return Value(TRY(check_text(option, string->get())));
      break;
    case Type::number:
      if (integer) return check_range(option, integer->get());
      break;
    case Type::duration:
      if (string) return check_range(option, TRY(parse_duration(string->get())));
      break;
    case Type::size:
      if (string) return check_range(option, static_cast<int64_t>(TRY(parse_size(string->get()))));
      break;
    case Type::flag:
      if (const auto* flag = node.as_boolean()) return Value(flag->get());
      break;
    case Type::list:
      return convert_list(option, node);
    case Type::table:
      return convert_table(option, node);
  }
  return wrong(fmt::format("it must be {}", type_words(option.type)));
}

// A value of the environment or the option table: TOML if it parses, else a string. A string setting may hold
// what looks like another type ("25"), so there the raw text has its chance too.
Result<Value> convert_words(const Option& option, const std::string& words) {
  const toml::value<std::string> raw(words);
  toml::table parsed;
  try {
    parsed = toml::parse("value = " + words);
  } catch (const toml::parse_error&) {
    return convert(option, raw);
  }
  if (parsed.size() != 1) return convert(option, raw);
  auto value = convert(option, *parsed.get("value"));
  if (value || option.type == Type::table) return value;
  auto from_raw = convert(option, raw);
  return from_raw ? from_raw : value;
}

std::string position(const std::string& file, const toml::source_region& source) {
  return fmt::format("{}:{}", file, source.begin.line);
}

}  // namespace

// Names and values stand in the words as they were typed, and the words go to a terminal.
void Reading::fault(const std::string& origin, std::string_view words) {
  faults_.push_back(printable(fmt::format("{}: {}", origin, words)));
}

void Reading::unknown(const std::string& name, const std::string& origin) {
  const std::string nearest = nearest_option(name);
  fault(origin, fmt::format("unknown key {}{}", name,
                            nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
}

void Reading::set(const Option& option, Result<Value> value, const std::string& origin) {
  if (!value) return fault(origin, fmt::format("{}: {}", option.name(), value.error().text));
  auto& entry = config_.entries_[static_cast<size_t>(&option - options().data())];
  entry.value = std::move(*value);
  entry.origin = origin;
}

void Reading::read_file(std::string_view text, const std::string& file) {
  config_.file_ = file;
  toml::table parsed;
  try {
    parsed = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fault(position(file, error.source()), error.description());
  }
  const auto take = [&](const std::string& name, const toml::node& node) {
    const std::string origin = position(file, node.source());
    if (const Option* option = find_option(name))
      set(*option, convert(*option, node), origin);
    else
      unknown(name, origin);
  };
  for (const auto& [section, node] : parsed) {
    const std::string name(section.str());
    const bool is_section =
        std::ranges::any_of(options(), [&](const Option& o) { return o.section == name; });
    if (!is_section || !node.is_table()) {
      take(name, node);
      continue;
    }
    for (const auto& [key, value] : *node.as_table()) take(fmt::format("{}.{}", name, key.str()), value);
  }
}

void Reading::read_environment(const Environment& environment) {
  constexpr std::string_view prefix = "FUTAR__";
  for (const auto& [variable, words] : environment) {
    if (!variable.starts_with(prefix)) continue;
    std::string name = ascii_lower(std::string_view(variable).substr(prefix.size()));
    if (const auto at = name.find("__"); at != std::string::npos) name.replace(at, 2, ".");
    if (const Option* option = find_option(name))
      set(*option, convert_words(*option, words), variable);
    else
      unknown(name, variable);
  }
}

Result<Config> Reading::finish() {
  if (!faults_.empty()) return wrong(fmt::format("{}", fmt::join(faults_, "\n")));
  return std::move(config_);
}

Value fallback_value(const Option& option) {
  auto value = convert_words(option, std::string(option.fallback));
  if (!value) throw std::logic_error(fmt::format("default of {}: {}", option.name(), value.error().text));
  return std::move(*value);
}

}  // namespace futar::config
