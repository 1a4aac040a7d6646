// Mail addresses of the envelope: RFC 5321 §4.1.2 and RFC 6531 §3.3.
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::smtp {

/// An address as a value: `local` is unquoted, `domain` in lower case (ASCII letters), an address literal
/// with its brackets. Both empty: the null reverse-path <>. Only domain empty: the <postmaster> of RFC 5321
/// §4.5.1.
struct Address {
  std::string local;
  std::string domain;

  bool is_null() const { return local.empty() && domain.empty(); }
  bool is_ascii() const;
  std::string text()
      const;  ///< local@domain, the local part quoted where the grammar needs it; "" for the null path
  std::string path() const { return "<" + text() + ">"; }
  auto operator<=>(const Address&) const = default;
};

/// local@domain without angle brackets. Refuses more than 64 octets before or 255 after the @, empty labels,
/// control characters, source routes. UTF-8 is accepted; whether it is allowed is the session's question.
Result<Address> parse_address(std::string_view text);

/// A domain name or address literal (RFC 5321 §4.1.2, §4.1.3), lower-cased.
Result<std::string> parse_domain(std::string_view text);

}  // namespace futar::smtp
