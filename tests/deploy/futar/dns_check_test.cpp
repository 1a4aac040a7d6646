#include "deploy/futar/dns_check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include "tests/deploy/futar/dns_facts.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;
using namespace futar::deploy;
using State = DnsFinding::State;

namespace {

// The DNS of example.org, as ours would have it but for what a test adds.
struct Checked {
  Checked() { dns.add("mail.example.org A 198.51.100.7").add("mail.example.org AAAA 2001:db8::7"); }

  DnsFinding of(DnsRole role, const std::string& name = "") {
    records = dns_records(facts);
    std::vector<DnsFinding> findings;
    auto check = [&]() -> Task<> { findings = co_await check_dns(dns, loop, facts, records); };
    run_task(loop, check());
    REQUIRE(findings.size() == records.size());
    for (size_t i = 0; i < records.size(); ++i)
      if (records[i].role == role && (name.empty() || records[i].name == name)) {
        record = records[i];
        return findings[i];
      }
    FAIL("no such record");
    return {};
  }
  DnsFinding spf(const std::string& text) {
    dns.remove("example.org").add("example.org MX 10 mail.example.org").add("example.org TXT " + text);
    return of(DnsRole::spf, "example.org");
  }

  FakeResolver dns;
  net::Loop loop;
  DnsFacts facts = dns_facts();
  std::vector<DnsRecord> records;
  DnsRecord record;
};

}  // namespace

TEST_CASE("an MX that leads to us is ok whatever its preference, beside others too") {
  Checked checked;
  CHECK(checked.of(DnsRole::mx).state == State::missing);
  checked.dns.add("example.org MX 5 backup.example.net").add("example.org MX 20 mail.example.org");
  CHECK(checked.of(DnsRole::mx).state == State::ok);
}

TEST_CASE("an MX that leads elsewhere is wrong, and said with what should stand there") {
  Checked checked;
  checked.dns.add("example.org MX 10 other.example.net");
  const auto finding = checked.of(DnsRole::mx);
  CHECK(finding.state == State::wrong);
  CHECK(finding.found == "10 other.example.net.");
  CHECK(finding.want == "10 mail.example.org.");
}

TEST_CASE("a DNS that does not answer leaves the record unknown, a broken signature too") {
  Checked checked;
  checked.dns.fail("example.org", dns::Type::mx);
  const auto finding = checked.of(DnsRole::mx);
  CHECK(finding.state == State::unknown);
  CHECK(finding.why == "SERVFAIL");
  checked.dns.bogus("example.org", dns::Type::mx);
  CHECK(checked.of(DnsRole::mx).state == State::unknown);
}

TEST_CASE("a slow DNS is asked all questions at once") {
  Checked checked;
  checked.dns.slow(checked.loop, 300);
  const auto before = std::chrono::steady_clock::now();
  checked.of(DnsRole::mx);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::milliseconds(1500));  // of seven questions
}

TEST_CASE("the host of the MX must have our address, and be no alias") {
  Checked checked;
  CHECK(checked.of(DnsRole::address).state == State::ok);
  checked.dns.remove("mail.example.org").add("mail.example.org A 203.0.113.1");
  CHECK(checked.of(DnsRole::address).state == State::wrong);
  checked.dns.remove("mail.example.org")
      .add("mail.example.org CNAME host.example.org")
      .add("host.example.org A 198.51.100.7");
  const auto finding = checked.of(DnsRole::address);
  CHECK(finding.state == State::wrong);
  CHECK(finding.why.contains("alias"));
}

TEST_CASE("an SPF record is ok when our senders pass, whatever its words") {
  Checked checked;
  for (const char* text : {"v=spf1 mx -all", "v=spf1 ip4:198.51.100.0/24 ip6:2001:db8::/32 ~all",
                           "v=spf1 a:mail.example.org ?all"})
    CHECK(checked.spf(text).state == State::ok);
}

TEST_CASE("an SPF record that refuses us gets the smallest change, and keeps its other senders") {
  Checked checked;
  const auto finding = checked.spf("v=spf1 ip4:203.0.113.0/24 -all");
  CHECK(finding.state == State::wrong);
  CHECK(finding.found == "v=spf1 ip4:203.0.113.0/24 -all");
  CHECK(finding.want == "v=spf1 ip4:203.0.113.0/24 mx -all");
  CHECK(finding.why == "we send from 198.51.100.7, 2001:db8::7");
  CHECK(checked.spf("v=spf1 -ip4:198.51.100.7 ip6:2001:db8::7 -all").want ==
        "v=spf1 mx -ip4:198.51.100.7 ip6:2001:db8::7 -all");
  CHECK(checked.spf("v=spf1 redirect=_spf.example.net").want == "v=spf1 mx redirect=_spf.example.net");
}

TEST_CASE("addresses that the MX does not lead to are named, those alone that do not pass") {
  Checked checked;
  checked.facts.senders = {*net::IpAddress::parse("198.51.100.7"), *net::IpAddress::parse("203.0.113.9")};
  CHECK(checked.spf("v=spf1 mx -all").want == "v=spf1 mx ip4:203.0.113.9 -all");
}

TEST_CASE("of two SPF records, and of one that is none, ours is what should stand there") {
  Checked checked;
  CHECK(checked.spf("v=spf1 foo:bar -all").want == "v=spf1 mx -all");
  checked.dns.add("example.org TXT v=spf1 mx -all");
  const auto finding = checked.of(DnsRole::spf, "example.org");
  CHECK(finding.state == State::wrong);
  CHECK(finding.why.contains("more than one"));
}

TEST_CASE("texts of others at the domain are no SPF record") {
  Checked checked;
  CHECK(checked.spf("some-site-verification=abc").state == State::missing);
}

TEST_CASE("SPF that needs what the DNS does not tell is unknown") {
  Checked checked;
  checked.dns.fail("slow.example.net", dns::Type::txt);
  CHECK(checked.spf("v=spf1 include:slow.example.net -all").state == State::unknown);
}

TEST_CASE("where another host sends for us, any valid SPF record is ok") {
  Checked checked;
  checked.facts.senders.clear();
  CHECK(checked.spf("v=spf1 include:provider.example -all").state == State::ok);
}

TEST_CASE("DMARC is ok with any policy, and void when it stands there twice") {
  Checked checked;
  checked.dns.add("_dmarc.example.org TXT v=DMARC1; p=reject");
  CHECK(checked.of(DnsRole::dmarc).state == State::ok);
  checked.dns.add("_dmarc.example.org TXT v=DMARC1; p=none");
  CHECK(checked.of(DnsRole::dmarc).state == State::wrong);
}

TEST_CASE("a TLSA record of another key is wrong, and required since mail fails by it") {
  Checked checked;
  checked.facts.key_digest = "a0b1";
  CHECK(checked.of(DnsRole::tlsa).state == State::missing);
  CHECK(checked.record.level == DnsLevel::recommended);
  checked.dns.add("_25._tcp.mail.example.org TLSA 3 1 1 ffff");
  CHECK(checked.of(DnsRole::tlsa).state == State::wrong);
  CHECK(checked.record.level == DnsLevel::required);
  checked.dns.add("_25._tcp.mail.example.org TLSA 3 1 1 a0b1");
  CHECK(checked.of(DnsRole::tlsa).state == State::ok);
}

TEST_CASE("a service is ok with any weight, but not with another port") {
  Checked checked;
  checked.facts.submission = *config::parse_listen("0.0.0.0:465");
  checked.dns.add("_submissions._tcp.example.org SRV 5 0 465 mail.example.org");
  CHECK(checked.of(DnsRole::service).state == State::ok);
  checked.dns.remove("_submissions._tcp.example.org")
      .add("_submissions._tcp.example.org SRV 0 1 466 mail.example.org");
  CHECK(checked.of(DnsRole::service).state == State::wrong);
}
