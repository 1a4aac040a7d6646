// Messages of the DNS (RFC 1035 §4, RFC 6891): a question out, the answer section back. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/resolver.h"

namespace futar::dns {

struct WireRecord {
  std::string owner;  ///< in wire form, lower case
  uint16_t type = 0;
  int64_t ttl_s = 0;
  std::string rdata;  ///< names of CNAME, NS, PTR, MX and SRV unpacked
};

struct Reply {
  int rcode = 0;
  bool truncated = false;
  std::vector<WireRecord> answers;
};

/// "example.org", with or without the final dot, as labels in lower case; none when a label is empty or over
/// 63 octets, or the whole over 255.
std::optional<std::string> encode_name(std::string_view name);

/// Recursion desired; with `edns` an OPT record that allows 4096 octets of UDP. `name`: of encode_name().
std::string encode_query(uint16_t id, std::string_view name, Type type, bool edns);

/// None when the message is malformed or no reply to that query.
std::optional<Reply> decode_reply(std::string_view message, std::string_view query);

}  // namespace futar::dns
