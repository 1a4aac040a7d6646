// Record data in wire form (RFC 1035 §3.3, 3596, 6698, 2782) to values. Pure; each refuses what is short,
// long or malformed.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/net/address.h"

namespace futar::dns {

struct Mx {
  uint16_t preference = 0;
  std::string host;  ///< lower case, without the final dot; "" for the root: a null MX (RFC 7505)
};
struct Tlsa {
  uint8_t usage = 0, selector = 0, matching = 0;
  std::string data;
};
struct Srv {
  uint16_t priority = 0, weight = 0, port = 0;
  std::string target;
};

Result<Mx> parse_mx(std::string_view rdata);
Result<net::IpAddress> parse_address(std::string_view rdata);  ///< A (4 octets) or AAAA (16)
Result<std::string> parse_txt(std::string_view rdata);         ///< its strings joined (RFC 7208 §3.3)
Result<std::string> parse_name(std::string_view rdata);        ///< PTR, CNAME, NS
Result<Tlsa> parse_tlsa(std::string_view rdata);
Result<Srv> parse_srv(std::string_view rdata);

/// Letters, digits, "-", "_" and "/": names with anything else in a label are refused by all of these.
bool is_name_character(char c);

/// "1.2.0.192.in-addr.arpa", "...ip6.arpa": where the PTR of an address stands.
std::string reverse_name(const net::IpAddress& address);

}  // namespace futar::dns
