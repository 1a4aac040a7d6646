#include "deploy/futar/dns_records.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/crypto/digest.h"
#include "tests/deploy/futar/dns_facts.h"

using namespace futar;
using namespace futar::deploy;

namespace {

std::vector<std::string> lines(const DnsFacts& facts) {
  std::vector<std::string> out;
  for (const DnsRecord& record : dns_records(facts))
    out.push_back(record.name + " " + std::string(dns::name(record.type)) + " " + record.value);
  return out;
}

bool has(const DnsFacts& facts, const std::string& line) {
  const auto all = lines(facts);
  return std::ranges::find(all, line) != all.end();
}

config::Listen listen(const std::string& text) { return config::parse_listen(text)->front(); }

}  // namespace

TEST_CASE("a domain needs an MX, addresses, SPF, DMARC and reports") {
  CHECK(lines(dns_facts()) ==
        std::vector<std::string>{"example.org MX 10 mail.example.org.", "mail.example.org A 198.51.100.7",
                                 "mail.example.org AAAA 2001:db8::7", "example.org TXT v=spf1 mx -all",
                                 "mail.example.org TXT v=spf1 a -all",
                                 "_dmarc.example.org TXT v=DMARC1; p=none; rua=mailto:postmaster@example.org",
                                 "_smtp._tls.example.org TXT v=TLSRPTv1; rua=mailto:postmaster@example.org"});
}

TEST_CASE("IPv4 is required, IPv6 beside it is recommended, alone it is required") {
  DnsFacts facts = dns_facts();
  CHECK(dns_records(facts)[1].level == DnsLevel::required);
  CHECK(dns_records(facts)[2].level == DnsLevel::recommended);
  facts.addresses.erase(facts.addresses.begin());
  CHECK(dns_records(facts)[1].level == DnsLevel::required);
}

TEST_CASE("a host with the name of its domain has one SPF record") {
  DnsFacts facts = dns_facts();
  facts.hostname = facts.domain;
  CHECK(has(facts, "example.org TXT v=spf1 mx -all"));
  CHECK(!has(facts, "example.org TXT v=spf1 a -all"));
}

TEST_CASE("mail programs find each submission port that the world reaches, once, and none without TLS") {
  DnsFacts facts = dns_facts();
  facts.submission = {listen("0.0.0.0:465"), listen("[::]:465"), listen("0.0.0.0:587"),
                      listen("127.0.0.1:588"), listen("0.0.0.0:589/none")};
  CHECK(std::ranges::count_if(dns_records(facts),
                              [](const DnsRecord& r) { return r.type == dns::Type::srv; }) == 2);
  CHECK(has(facts, "_submissions._tcp.example.org SRV 0 1 465 mail.example.org."));
  CHECK(has(facts, "_submission._tcp.example.org SRV 0 1 587 mail.example.org."));
}

TEST_CASE("TLSA stands where there is a key to pin, DKIM where there is one to publish") {
  DnsFacts facts = dns_facts();
  facts.key_digest = "a0b1";
  facts.dkim = {{"s1", "v=DKIM1; p=AAAA"}};
  CHECK(has(facts, "_25._tcp.mail.example.org TLSA 3 1 1 a0b1"));
  CHECK(has(facts, "s1._domainkey.example.org TXT v=DKIM1; p=AAAA"));
}

TEST_CASE("the id of MTA-STS changes with the policy") {
  DnsFacts facts = dns_facts();
  facts.sts = true;
  const auto id = [](const DnsFacts& of) {
    const auto all = lines(of);
    return *std::ranges::find_if(all, [](const auto& line) { return line.contains("STSv1"); });
  };
  const std::string before = id(facts);
  CHECK(before.starts_with("_mta-sts.example.org TXT v=STSv1; id="));
  facts.hostname = "other.example.org";
  CHECK(id(facts) != before);
}

TEST_CASE("the world reaches a listener at all addresses of the machine that are not private") {
  std::vector<net::IpAddress> machine;
  for (auto text :
       {"127.0.0.1", "10.0.0.1", "192.168.1.1", "198.51.100.7", "fe80::1", "fd00::1", "::1", "2001:db8::7"})
    machine.push_back(*net::IpAddress::parse(text));
  const auto at = [&](const char* text) { return public_addresses(*config::parse_listen(text), machine); };
  CHECK(at("*:25") == dns_facts().addresses);
  CHECK(at("198.51.100.9:25") == std::vector{*net::IpAddress::parse("198.51.100.9")});
  CHECK(at("127.0.0.1:25").empty());
}
