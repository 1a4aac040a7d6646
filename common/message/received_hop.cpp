#include "common/message/received_hop.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/message/header.h"

namespace futar::message {
namespace {

/// What is not read yet. Each step takes its part or says no.
struct Rest {
  std::string_view text;

  bool space() {
    const size_t size = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(size);
    return size > 0;
  }
  bool word(std::string_view expected) {
    if (!equal_nocase(text.substr(0, expected.size()), expected)) return false;
    text.remove_prefix(expected.size());
    return true;
  }
  bool octet(char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
  }
  /// Up to white space or a parenthesis; nothing that quotes, ends or begins anything else.
  std::optional<std::string> atom() {
    constexpr size_t longest = 255;
    const size_t size = std::min(text.find_first_of(" \t()"), text.size());
    const std::string_view found = text.substr(0, size);
    const auto plain = [](char c) {
      return c > ' ' && c <= '~' && !std::string_view("\"\\<>;,@").contains(c);
    };
    if (found.empty() || size > longest || !std::ranges::all_of(found, plain)) return std::nullopt;
    text.remove_prefix(size);
    return std::string(found);
  }
  /// A comment without an address in it: a second one would make two of them.
  bool comment() {
    size_t depth = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '[' || text[i] == '\\') return false;
      if (text[i] == '(') ++depth;
      if (depth == 0) return false;
      if (text[i] != ')' || --depth > 0) continue;
      text.remove_prefix(i + 1);
      return true;
    }
    return false;
  }
};

// RFC 5321 §4.1.3. Its letters alone are looked at here.
std::optional<std::string> address_of(std::string_view literal) {
  if (!literal.starts_with('[') || !literal.ends_with(']')) return std::nullopt;
  literal = literal.substr(1, literal.size() - 2);
  const bool v6 = equal_nocase(literal.substr(0, 5), "IPv6:");
  if (v6) literal.remove_prefix(5);
  if (literal.empty() || literal.size() > 45 || literal.contains(':') != v6) return std::nullopt;
  if (literal.find_first_not_of(v6 ? "0123456789abcdefABCDEF:." : "0123456789.") != std::string_view::npos)
    return std::nullopt;
  return std::string(literal);
}

}  // namespace

std::optional<ReceivedHop> received_hop(std::string_view value) {
  const std::string line = unfold(value);
  Rest rest{line};
  if (!rest.word("from") || !rest.space()) return std::nullopt;
  auto helo = rest.atom();
  if (!helo || !rest.space() || !rest.octet('(')) return std::nullopt;
  auto literal = rest.atom();
  if (literal && rest.space()) literal = rest.atom();  // behind the name
  if (!literal || !rest.octet(')')) return std::nullopt;
  auto address = address_of(*literal);
  if (!address || !rest.space()) return std::nullopt;
  while (rest.comment()) rest.space();
  if (!rest.word("by") || !rest.space()) return std::nullopt;
  return ReceivedHop{*std::move(helo), *std::move(address)};
}

}  // namespace futar::message
