// Asks the DNS whether the records of a domain are there, and what stands in their place.
#pragma once
#include "common/net/loop.h"
#include "deploy/futar/dns_records.h"

namespace futar::deploy {

struct DnsFinding {
  enum class State : uint8_t { ok, missing, wrong, unknown };
  State state = State::unknown;
  std::string found;  ///< what stands there, as others wrote it
  std::string want;   ///< of wrong: what should stand there
  std::string why;    ///< of wrong and unknown, in words; may be ""
};
std::string_view name(DnsFinding::State state);  ///< "WRONG" stands out

/// One for each record. Records that do the same in other words are ok: an SPF record is judged by whether
/// our senders pass, and a wrong one gets the smallest change that makes them. A TLSA record that is wrong
/// becomes required: with it, some deliver no mail.
Task<std::vector<DnsFinding>> check_dns(dns::Resolver& resolver, net::Loop& loop, const DnsFacts& facts,
                                        std::vector<DnsRecord>& records);

}  // namespace futar::deploy
