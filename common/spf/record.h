// The SPF record: which one it is (RFC 7208 §4.5) and what it says (§4.6, §5, §6, §12). Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/spf/macro.h"
#include "common/spf/spf.h"

namespace futar::spf {

struct Mechanism {
  enum class Kind : uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };
  Kind kind = Kind::all;
  Outcome outcome = Outcome::pass;    ///< of its qualifier (§4.6.2)
  std::optional<MacroString> domain;  ///< none: the domain whose record it is
  std::string network;                ///< ip4, ip6: 4 or 16 octets
  int prefix4 = 32, prefix6 = 128;    ///< of a, mx, ip4, ip6 (§5.6)
  std::string text;                   ///< as it stands in the record

  /// Whether the address lies in the network of ip4 or ip6; `own`, for a and mx, is an address found there.
  bool covers(const net::IpAddress& client) const { return covers(client, network); }
  bool covers(const net::IpAddress& client, std::string_view own) const;
};

struct Record {
  std::vector<Mechanism> mechanisms;
  std::optional<MacroString> redirect, exp;
};

std::string_view name(Mechanism::Kind kind);

/// §4.5: "v=spf1", then a space or the end; in any case.
bool is_record(std::string_view txt);
/// The whole record is checked before any of it is used (§4.6); an error names the term and what is wrong.
Result<Record> parse_record(std::string_view txt);

/// What of an address list the record of `domain` allows, for people: "ip4:192.0.2.0/24, mx and 3 more".
std::string allowed_in_words(const Record& record);

}  // namespace futar::spf
