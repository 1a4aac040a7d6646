#include "deploy/futar/dns_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::deploy {
namespace {

using enum DnsLevel;
using dns::Type;

// RFC 6890: what the world cannot reach, but for the networks of documentation, which tests live in.
constexpr std::string_view private_networks[] = {"10.0.0.0/8",    "100.64.0.0/10",  "169.254.0.0/16",
                                                 "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8",
                                                 "::1/128",       "fc00::/7",       "fe80::/10"};

bool is_public(const net::IpAddress& address) {
  return !address.is_any() && std::ranges::none_of(private_networks, [&](std::string_view text) {
    return net::Network::parse(text)->contains(address);
  });
}

constexpr std::string_view level_name(DnsLevel level) {
  return level == required ? "required" : level == recommended ? "recommended" : "optional";
}

// RFC 6186 §3.1, RFC 8314 §5.1.
void add_services(const DnsFacts& facts, std::vector<DnsRecord>& records) {
  for (const config::Listen& listen : facts.submission) {
    const auto endpoint = net::Endpoint::parse(listen.endpoint);
    if (!endpoint || endpoint->address.is_loopback() || listen.tls == config::Listen::Tls::none) continue;
    const bool implicit = listen.tls == config::Listen::Tls::implicit;
    DnsRecord record{DnsRole::service,
                     Type::srv,
                     fmt::format("_submission{}._tcp.{}", implicit ? "s" : "", facts.domain),
                     fmt::format("0 1 {} {}.", endpoint->port, facts.hostname),
                     implicit ? recommended : optional,
                     implicit ? "mail programs find where to send, with TLS from the start"
                              : "the same for those that know STARTTLS only"};
    const auto same = [&](const DnsRecord& known) {
      return known.name == record.name && known.value == record.value;
    };
    if (std::ranges::none_of(records, same)) records.push_back(std::move(record));
  }
}

void add_authentication(const DnsFacts& facts, std::vector<DnsRecord>& records) {
  records.push_back({DnsRole::spf, Type::txt, facts.domain, "v=spf1 mx -all", required,
                     "who may send for the domain; large receivers refuse mail without it"});
  if (facts.hostname != facts.domain)
    records.push_back({DnsRole::spf, Type::txt, facts.hostname, "v=spf1 a -all", recommended,
                       "the same for the name that we greet with, and so for reports of failed delivery"});
  for (const DkimName& key : facts.dkim) {
    const bool is_rsa = key.text.contains("k=rsa");
    records.push_back(
        {DnsRole::dkim, Type::txt, key.selector + "._domainkey." + facts.domain, key.text,
         is_rsa ? required : recommended,
         is_rsa ? "the key that proves our signatures" : "the same, for those that know Ed25519"});
  }
  records.push_back(
      {DnsRole::dmarc, Type::txt, "_dmarc." + facts.domain,
       fmt::format("v=DMARC1; p=none; rua=mailto:postmaster@{}", facts.domain), recommended,
       "what receivers do with forged mail; raise p once the reports show nothing of your own"});
}

void add_transport(const DnsFacts& facts, std::vector<DnsRecord>& records) {
  if (facts.sts)
    records.push_back({DnsRole::sts, Type::txt, "_mta-sts." + facts.domain,
                       fmt::format("v=STSv1; id={}", hex(crypto::sha256(sts_policy(facts))).substr(0, 16)),
                       optional, "senders ask for the policy, and anew when the id has changed"});
  records.push_back({DnsRole::tls_report, Type::txt, "_smtp._tls." + facts.domain,
                     fmt::format("v=TLSRPTv1; rua=mailto:postmaster@{}", facts.domain), optional,
                     "senders report where TLS to us fails"});
  if (!facts.key_digest.empty())
    records.push_back({DnsRole::tlsa, Type::tlsa, "_25._tcp." + facts.hostname, "3 1 1 " + facts.key_digest,
                       recommended,
                       "DANE: senders insist on TLS with this key; renew the certificate with it"});
}

}  // namespace

std::vector<DnsRecord> dns_records(const DnsFacts& facts) {
  std::vector<DnsRecord> records{{DnsRole::mx, Type::mx, facts.domain, fmt::format("10 {}.", facts.hostname),
                                  required, "where mail for the domain goes"}};
  const bool has_v4 = std::ranges::any_of(facts.addresses, &net::IpAddress::is_v4);
  for (const net::IpAddress& address : facts.addresses)
    records.push_back({DnsRole::address, address.is_v4() ? Type::a : Type::aaaa, facts.hostname,
                       address.text(), address.is_v4() || !has_v4 ? required : recommended,
                       address.is_v4() || !has_v4 ? "where the host of the MX is" : "reached by IPv6 too"});
  add_authentication(facts, records);
  add_transport(facts, records);
  add_services(facts, records);
  return records;
}

std::string sts_policy(const DnsFacts& facts) {
  return fmt::format("version: STSv1\nmode: testing\nmx: {}\nmax_age: 604800\n", facts.hostname);
}

std::vector<net::IpAddress> public_addresses(const std::vector<config::Listen>& listeners,
                                             const std::vector<net::IpAddress>& machine) {
  std::vector<net::IpAddress> found;
  const auto add = [&](const net::IpAddress& address) {
    if (is_public(address) && std::ranges::find(found, address) == found.end()) found.push_back(address);
  };
  for (const config::Listen& listen : listeners) {
    const auto endpoint = net::Endpoint::parse(listen.endpoint);
    if (!endpoint) continue;
    if (!endpoint->address.is_any()) add(endpoint->address);
    for (const net::IpAddress& address : machine)
      if (endpoint->address.is_any() && address.is_v4() == endpoint->address.is_v4()) add(address);
  }
  return found;
}

nlohmann::json dns_record_json(const DnsRecord& record) {
  return {{"name", record.name},
          {"type", dns::name(record.type)},
          {"value", record.value},
          {"level", level_name(record.level)},
          {"reason", record.reason}};
}

}  // namespace futar::deploy
