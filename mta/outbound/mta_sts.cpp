#include "mta/outbound/mta_sts.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"

namespace futar::mta {
namespace {

using Mode = StsPolicy::Mode;

constexpr std::string_view version = "STSv1";
constexpr size_t max_patterns = 1000;

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }
bool is_key_character(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }
bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= 32 && is_alnum(text[0]) &&
         std::ranges::all_of(text, is_key_character);
}

std::string_view trim_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool begins_as_sts(std::string_view txt) {
  if (!txt.starts_with("v=STSv1")) return false;
  return trim_blanks(txt.substr(7)).starts_with(';');
}

Error no_record(std::string_view why) { return Error::permanent(fmt::format("no MTA-STS record: {}", why)); }
Error no_policy(std::string_view why) { return Error::permanent(fmt::format("no MTA-STS policy: {}", why)); }

// Letters, digits, hyphens and dots, no empty label: what an A-label host name may consist of.
bool is_pattern(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  if (text.empty() || text.size() > 253) return false;
  return std::ranges::all_of(split(text, '.'), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 &&
           std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  });
}

/// The fields of a policy; of those that may stand once the first counts.
struct Fields {
  std::optional<std::string> version, mode, max_age;
  std::vector<std::string> mx;
};

Result<void> add_field(Fields& fields, std::string_view line) {
  const auto colon = line.find(':');
  const auto key = line.substr(0, colon);
  if (colon == std::string_view::npos || !is_key(key))
    return fail(no_policy(fmt::format("the line '{}' is no field", printable(line, 60))));
  const std::string value(trim_blanks(line.substr(colon + 1)));
  const auto once = [&](std::optional<std::string>& field) {
    if (!field) field = value;
  };
  if (key == "version") once(fields.version);
  if (key == "mode") once(fields.mode);
  if (key == "max_age") once(fields.max_age);
  if (key != "mx") return {};
  if (!is_pattern(value) || fields.mx.size() >= max_patterns)
    return fail(no_policy(fmt::format("'{}' is no pattern for a host", printable(value, 60))));
  fields.mx.push_back(ascii_lower(value));
  return {};
}

}  // namespace

std::string_view name(Mode mode) {
  switch (mode) {
    case Mode::none:
      return "none";
    case Mode::testing:
      return "testing";
    case Mode::enforce:
      return "enforce";
  }
  return "";
}

std::optional<Mode> sts_mode(std::string_view text) {
  for (const Mode mode : {Mode::none, Mode::testing, Mode::enforce})
    if (text == name(mode)) return mode;
  return std::nullopt;
}

Result<std::string> parse_sts_record(std::string_view txt) {
  if (!begins_as_sts(txt)) return fail(no_record("it does not begin with v=STSv1;"));
  auto fields = split(txt, ';');
  if (trim_blanks(fields.back()).empty()) fields.pop_back();
  std::optional<std::string> id;
  for (size_t i = 1; i < fields.size(); ++i) {
    const auto field = trim_blanks(fields[i]);
    const auto equals = field.find('=');
    if (equals == std::string_view::npos || !is_key(field.substr(0, equals)))
      return fail(no_record("a field is no key=value"));
    const auto value = field.substr(equals + 1);
    if (value.empty() ||
        std::ranges::any_of(value, [](char c) { return c <= ' ' || c >= '\x7f' || c == '=' || c == ';'; }))
      return fail(no_record("a value is empty or malformed"));
    if (field.substr(0, equals) == "id" && !id) id = value;
  }
  if (!id) return fail(no_record("it has no id"));
  if (id->size() > 32 || !std::ranges::all_of(*id, is_alnum)) return fail(no_record("its id is malformed"));
  return *id;
}

Result<std::string> choose_sts_record(const std::vector<std::string>& txt) {
  const auto count = std::ranges::count_if(txt, begins_as_sts);
  if (count == 0) return fail(no_record("none begins with v=STSv1;"));
  if (count > 1) return fail(no_record("several begin with v=STSv1;"));
  return parse_sts_record(*std::ranges::find_if(txt, begins_as_sts));
}

Result<StsPolicy> parse_sts_policy(std::string_view body) {
  if (body.size() > max_sts_policy) return fail(no_policy("it is longer than 64 KiB"));
  Fields fields;
  for (std::string_view line : split(body, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!trim_blanks(line).empty()) TRY(add_field(fields, line));
  }
  if (fields.version != version) return fail(no_policy("its version is not STSv1"));
  StsPolicy policy;
  const auto mode = sts_mode(fields.mode.value_or(""));
  if (!mode) return fail(no_policy("its mode is none of enforce, testing, none"));
  policy.mode = *mode;
  const auto age =
      fields.max_age && fields.max_age->size() <= 10 ? parse_number(*fields.max_age) : std::nullopt;
  if (!age) return fail(no_policy("it has no max_age"));
  policy.max_age_s = std::min(static_cast<int64_t>(*age), max_sts_age_s);
  policy.mx = std::move(fields.mx);
  if (policy.mx.empty() && policy.mode != Mode::none) return fail(no_policy("it names no mx"));
  return policy;
}

bool allows(const StsPolicy& policy, std::string_view mx_host) {
  if (mx_host.ends_with('.')) mx_host.remove_suffix(1);
  return std::ranges::any_of(policy.mx, [&](std::string_view pattern) {
    if (!pattern.starts_with("*.")) return equal_nocase(pattern, mx_host);
    const auto dot = mx_host.find('.');
    return dot != std::string_view::npos && dot > 0 && equal_nocase(pattern.substr(1), mx_host.substr(dot));
  });
}

}  // namespace futar::mta
