#include "common/message/authentication_results.h"

#include "common/base/text.h"

namespace futar::message {
namespace {

constexpr std::string_view name = "Authentication-Results";

// Behind comments and folding white space (RFC 5322 §3.2.2); nothing is left when a comment does not end.
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

// The authserv-id, RFC 8601 §2.2: a token or a quoted string. "" when it cannot be read.
std::string authserv_id_of(std::string_view value) {
  value = skip_comments(value);
  if (!value.starts_with('"')) return std::string(value.substr(0, value.find_first_of(" \t\r\n;(\"")));
  std::string id;
  for (size_t i = 1; i < value.size() && value[i] != '"'; ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    if (value[i] != '\r' && value[i] != '\n') id += value[i];
  }
  return id;
}

}  // namespace

bool claims_to_be_from(const Field& field, std::string_view authserv_id) {
  if (!field.is(name)) return false;
  const std::string claimed = authserv_id_of(field.value);
  std::string_view id = trim(claimed);
  if (id.ends_with('.')) id.remove_suffix(1);
  return id.empty() || equal_nocase(id, authserv_id);
}

size_t remove_authentication_results(std::string& header, std::string_view authserv_id) {
  return remove_fields(header, [&](const Field& field) { return claims_to_be_from(field, authserv_id); });
}

size_t remove_authentication_results(std::string& header) {
  return remove_fields(header, [](const Field& field) { return field.is(name); });
}

}  // namespace futar::message
