#include "common/smtp/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "common/base/text.h"

namespace futar::smtp {
namespace {

constexpr size_t max_local = 64;    // RFC 5321 §4.5.3.1.1
constexpr size_t max_domain = 255;  // RFC 5321 §4.5.3.1.2
constexpr size_t max_label = 63;    // RFC 1035 §2.3.4

bool is_eight_bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool is_let_dig(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || is_eight_bit(c);
}

// atext of RFC 5322 §3.2.3, widened by RFC 6531 §3.3.
bool is_atext(char c) { return is_let_dig(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c); }

bool is_dot_string(std::string_view local) {
  const auto atoms = split(local, '.');
  return std::ranges::all_of(
      atoms, [](std::string_view atom) { return !atom.empty() && std::ranges::all_of(atom, is_atext); });
}

// U+0080..U+009F: controls for some terminals, letters for nobody.
bool has_c1_control(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i)
    if (text[i] == '\xC2' && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  return false;
}

// Splits text into what stands before and after the @, the local part unquoted. A quoted local part may hold
// an @.
Result<std::pair<std::string, std::string_view>> split_at(std::string_view text) {
  if (!text.starts_with('"')) {
    const size_t at = text.find('@');
    if (at == std::string_view::npos) return fail(Error::permanent("an address without @"));
    if (!is_dot_string(text.substr(0, at)))
      return fail(Error::permanent("a local part that is no dot-string"));
    return std::pair(std::string(text.substr(0, at)), text.substr(at + 1));
  }
  std::string local;
  for (size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      if (i + 1 >= text.size() || text[i + 1] != '@')
        return fail(Error::permanent("a quoted local part without @"));
      return std::pair(std::move(local), text.substr(i + 2));
    }
    if (c == '\\' && ++i < text.size()) c = text[i];
    if (is_control(c)) break;
    local += c;
  }
  return fail(Error::permanent("a quoted local part that does not end"));
}

bool is_domain_name(std::string_view text) {
  const auto labels = split(text, '.');
  return std::ranges::all_of(labels, [](std::string_view label) {
    // Differs: RFC 5321 §4.1.2 has no underscore, but hosts with one do send and get mail.
    return !label.empty() && label.size() <= max_label && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) { return is_let_dig(c) || c == '-' || c == '_'; });
  });
}

// RFC 5321 §4.1.3. Stricter: no General-address-literal; no tag beside IPv6 was ever registered.
bool is_literal(std::string_view text) {
  if (text.size() < 3 || text.back() != ']') return false;
  const std::string inner(text.substr(1, text.size() - 2));
  unsigned char octets[16];
  if (starts_with_nocase(inner, "IPv6:")) return inet_pton(AF_INET6, inner.c_str() + 5, octets) == 1;
  return inet_pton(AF_INET, inner.c_str(), octets) == 1;
}

}  // namespace

bool Address::is_ascii() const { return std::ranges::none_of(local + domain, is_eight_bit); }

std::string Address::text() const {
  if (is_null()) return "";
  std::string text;
  if (is_dot_string(local)) {
    text = local;
  } else {
    text = '"';
    for (char c : local) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return domain.empty() ? text : text + "@" + domain;
}

Result<std::string> parse_domain(std::string_view text) {
  if (text.empty() || text.size() > max_domain)
    return fail(Error::permanent("a domain of no or over 255 octets"));
  if (text.contains('\0') || !is_utf8(text) || has_c1_control(text))
    return fail(Error::permanent("a domain that is no UTF-8 text"));
  if (text.starts_with('[') ? !is_literal(text) : !is_domain_name(text))
    return fail(Error::permanent("not a domain: " + printable(text, 80)));
  return ascii_lower(text);
}

Result<Address> parse_address(std::string_view text) {
  // Stricter: RFC 5321 §3.6.1 lets a server strip the route; nobody sends one any more but to find an open
  // relay.
  if (text.starts_with('@')) return fail(Error::permanent("source routes are not taken"));
  auto [local, domain] = TRY(split_at(text));
  if (local.empty() || local.size() > max_local)
    return fail(Error::permanent("a local part of no or over 64 octets"));
  if (!is_utf8(local) || has_c1_control(local))
    return fail(Error::permanent("a local part that is no UTF-8 text"));
  return Address{std::move(local), TRY(parse_domain(domain))};
}

}  // namespace futar::smtp
