// Macros (RFC 7208 §7): the grammar, and what they become. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/net/address.h"
#include "common/smtp/address.h"

namespace futar::spf {

/// Literal text, or one macro-expand with its transformers.
struct Piece {
  std::string literal;  ///< where letter is 0
  char letter = 0;      ///< in lower case
  bool escape = false;  ///< the letter was a capital: URL-escape (§7.3)
  size_t keep = 0;      ///< that many right-hand parts; 0: all
  bool reverse = false;
  std::string delimiters;  ///< "": the dot
};
using MacroString = std::vector<Piece>;

/// domain-spec of §7.1: ends in a macro or in a dot and a top label that is not all digits.
Result<MacroString> parse_domain_spec(std::string_view text);
/// macro-string of §7.1: the value of an unknown modifier.
Result<MacroString> parse_macro_string(std::string_view text);
/// explain-string of §6.2: spaces too, and the letters c, r and t (§7.2).
Result<MacroString> parse_explanation(std::string_view text);

struct MacroValues {
  smtp::Address sender;   ///< s, l, o
  std::string domain;     ///< d: whose record it is
  net::IpAddress client;  ///< i, c, v
  std::string validated;  ///< p
  std::string helo;       ///< h
  std::string receiver;   ///< r
  int64_t now_s = 0;      ///< t
};

bool uses(const MacroString& string, char letter);
/// §7.3. At most `limit` octets; what would be longer is "".
std::string expand(const MacroString& string, const MacroValues& values, size_t limit);

}  // namespace futar::spf
