#include "common/message/authentication_results.h"

#include <fmt/format.h>

#include "common/base/text.h"

namespace futar::message {
namespace {

constexpr std::string_view name = "Authentication-Results";

struct Id {
  std::string text;       ///< "" when it cannot be read
  std::string_view rest;  ///< what stands behind it
};

// The authserv-id, RFC 8601 §2.2: a token or a quoted string.
Id authserv_id_of(std::string_view value) {
  value = skip_comments(value);
  if (!value.starts_with('"')) {
    const size_t end = std::min(value.find_first_of(" \t\r\n;(\""), value.size());
    return {std::string(value.substr(0, end)), value.substr(end)};
  }
  Id id;
  size_t i = 1;
  for (; i < value.size() && value[i] != '"'; ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    if (value[i] != '\r' && value[i] != '\n') id.text += value[i];
  }
  id.rest = value.substr(std::min(i + 1, value.size()));
  return id;
}

bool is_same_id(std::string_view claimed, std::string_view own) {
  claimed = trim(claimed);
  if (claimed.ends_with('.')) claimed.remove_suffix(1);
  return equal_nocase(claimed, own);
}

// Behind the id and the version: what the first semicolon begins.
std::string_view results_behind(std::string_view rest) {
  rest = skip_comments(rest);
  while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') rest.remove_prefix(1);
  rest = skip_comments(rest);
  if (!rest.starts_with(';')) return {};
  rest = trim(rest.substr(1));
  while (rest.ends_with(';')) rest = trim(rest.substr(0, rest.size() - 1));
  return equal_nocase(rest, "none") ? std::string_view() : rest;
}

}  // namespace

std::string_view skip_comments(std::string_view text) {
  size_t depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') {
      ++depth;
    } else if (depth > 0) {
      if (text[i] == ')') --depth;
      if (text[i] == '\\') ++i;
    } else if (!std::string_view(" \t\r\n").contains(text[i])) {
      return text.substr(i);
    }
  }
  return {};
}

bool claims_to_be_from(const Field& field, std::string_view authserv_id) {
  if (!field.is(name)) return false;
  const std::string claimed = authserv_id_of(field.value).text;
  return trim(claimed).empty() || trim(claimed) == "." || is_same_id(claimed, authserv_id);
}

std::string results_of(std::span<const Field> fields, std::string_view authserv_id) {
  std::string joined;
  for (const Field& field : fields) {
    if (!field.is(name)) continue;
    const Id id = authserv_id_of(field.value);
    if (trim(id.text).empty() || !is_same_id(id.text, authserv_id)) continue;
    const std::string_view said = results_behind(id.rest);
    if (!said.empty()) joined += fmt::format("{}{}", joined.empty() ? "" : ";\r\n\t", said);
  }
  return joined;
}

size_t remove_authentication_results(std::string& header, std::string_view authserv_id) {
  return remove_fields(header, [&](const Field& field) { return claims_to_be_from(field, authserv_id); });
}

size_t remove_authentication_results(std::string& header) {
  return remove_fields(header, [](const Field& field) { return field.is(name); });
}

}  // namespace futar::message
