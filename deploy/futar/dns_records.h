// The records that a domain of ours needs in the DNS, and why. Pure.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/listen.h"
#include "common/dns/resolver.h"
#include "common/net/address.h"

namespace futar::deploy {

enum class DnsLevel : uint8_t { required, recommended, optional };

/// By what a record is judged.
enum class DnsRole : uint8_t { mx, address, spf, dkim, dmarc, sts, tls_report, tlsa, service };

struct DnsRecord {
  DnsRole role;
  dns::Type type;
  std::string name;   ///< without the final dot
  std::string value;  ///< as in a zone file; of TXT the whole text, unquoted
  DnsLevel level;
  std::string reason;
};

struct DkimName {
  std::string selector, text;  ///< "v=DKIM1; k=rsa; p=..."
};

struct DnsFacts {
  std::string domain, hostname;
  std::vector<net::IpAddress> addresses;   ///< where others reach us
  std::vector<net::IpAddress> senders;     ///< from which we send; none when another host does that for us
  std::vector<config::Listen> submission;  ///< of msa
  std::string key_digest;  ///< SHA-256 of the certificate's key in hex; "": no TLSA, as in an unsigned zone
  std::vector<DkimName> dkim;
  bool sts = false;
};

std::vector<DnsRecord> dns_records(const DnsFacts& facts);
/// What to serve at https://mta-sts.DOMAIN/.well-known/mta-sts.txt (RFC 8461 §3.2).
std::string sts_policy(const DnsFacts& facts);

/// Where listeners are reached from afar, on a machine with these addresses: private ones are left out.
std::vector<net::IpAddress> public_addresses(const std::vector<config::Listen>& listeners,
                                             const std::vector<net::IpAddress>& machine);

nlohmann::json dns_record_json(const DnsRecord& record);

}  // namespace futar::deploy
