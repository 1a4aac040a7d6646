// dns DOMAIN [--check] [--zone] [--sts-policy] [--address IP]...
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/config/paths.h"
#include "common/crypto/certificate.h"
#include "common/crypto/digest.h"
#include "common/directory/records.h"
#include "common/dns/unbound.h"
#include "common/net/interfaces.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/dns_check.h"
#include "deploy/futar/program.h"
#include "deploy/futar/render/dns.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

struct DnsWords {
  std::string domain;
  std::vector<std::string> addresses = {};
  bool check = false, zone = false, sts = false;
};

struct Told {
  std::vector<DnsRecord> records;
  std::vector<DnsFinding> findings;  ///< of --check
  std::vector<std::string> notes;
  std::exception_ptr failure;
};

std::vector<config::Listen> listeners(const config::Config& config, std::string_view name) {
  std::vector<config::Listen> all;
  for (const std::string& entry : config.list(name))
    for (config::Listen& listen : need(config::parse_listen(entry), exit_code::config))
      all.push_back(std::move(listen));
  return all;
}

std::vector<net::IpAddress> own_addresses(const config::Config& config, const DnsWords& words) {
  std::vector<net::IpAddress> addresses;
  for (const std::string& text : words.addresses)
    addresses.push_back(need(net::IpAddress::parse(text), exit_code::usage));
  if (addresses.empty())
    addresses = public_addresses(listeners(config, "mta.listen"), net::interface_addresses());
  if (addresses.empty())
    throw Stop{exit_code::usage,
               "no listener of mta has a public address here; name with --address where others see us"};
  return addresses;
}

DnsFacts facts_of(const config::Config& config, const DnsWords& words) {
  DnsFacts facts;
  facts.domain = need(directory::canonical_domain(words.domain), exit_code::usage);
  facts.hostname = ascii_lower(config.hostname());
  if (!facts.hostname.contains('.'))
    throw Stop{exit_code::config, fmt::format("hostname: \"{}\" is no name of the DNS", facts.hostname)};
  facts.addresses = own_addresses(config, words);
  const std::string& ip = config.text("mta.ip");
  if (config.text("mta.smart_host").empty())
    for (const net::IpAddress& address : facts.addresses)
      if (ip == "auto" || address.is_v4() == (ip == "ipv4")) facts.senders.push_back(address);
  facts.submission = listeners(config, "msa.listen");
  facts.sts = words.sts;
  return facts;
}

// Keys are mta's. One that is to leave the DNS is shown as long as mail that waits carries it.
std::vector<DkimName> signing_keys(Program& program, const std::string& domain,
                                   std::vector<std::string>& notes) {
  const Answer answer = ask_agent(program, "mta", "dkim", {{"act", "list"}, {"domain", domain}});
  if (answer.error) {
    notes.emplace_back("no DKIM: mta, which has the keys, does not answer");
    return {};
  }
  std::vector<DkimName> keys;
  for (const json& selector : answer.value.at("selectors"))
    if (selector.value("state", "") != "old" || selector.value("queued", 0) > 0)
      keys.push_back({selector.value("selector", ""), selector.value("record", "")});
  if (keys.empty()) notes.push_back("no DKIM: there is no key yet; futar dkim add " + domain);
  return keys;
}

// TLSA counts only where DNSSEC proves it (RFC 7672 §2.1).
Task<> add_key(dns::Resolver& resolver, const config::Config& config, DnsFacts& facts,
               std::vector<std::string>& notes) {
  const dns::Answer answer = co_await resolver.ask(facts.hostname, dns::Type::a);
  if (answer.is_temporary())
    notes.push_back(
        fmt::format("no TLSA: the DNS does not tell whether {} is signed: {}", facts.hostname, answer.why));
  else if (!resolver.validates())
    notes.emplace_back("no TLSA: nobody here validates DNSSEC");
  else if (answer.secure) {
    const auto pem = read_file(config::certificate_file(config));
    const auto key = pem ? crypto::certificate_key(*pem) : Result<std::string>(fail(pem.error()));
    if (key)
      facts.key_digest = hex(crypto::sha256(*key));
    else
      notes.push_back("no TLSA: " + key.error().text);
  }
}

Task<> find_out(dns::Resolver& resolver, net::Loop& loop, const config::Config& config, bool check,
                DnsFacts& facts, Told& told) {
  try {
    co_await add_key(resolver, config, facts, told.notes);
    told.records = dns_records(facts);
    if (check) told.findings = co_await check_dns(resolver, loop, facts, told.records);
  } catch (...) {
    told.failure = std::current_exception();
  }
  loop.stop();
}

Told ask(const config::Config& config, bool check, DnsFacts& facts) {
  net::Loop loop;
  const auto resolver = need(dns::Unbound::open(loop, {.servers = config.list("dns.servers"),
                                                       .anchor_file = config.text("dns.anchor"),
                                                       .timeout_ms = config.duration_ms("dns.timeout")}));
  Told told;
  if (const std::string& host = config.text("mta.smart_host"); !host.empty())
    told.notes.push_back(
        fmt::format("mail leaves through {}: its operator tells what SPF needs for it", host));
  if (facts.hostname != facts.domain && !facts.hostname.ends_with("." + facts.domain))
    told.notes.push_back(fmt::format("{} lies in another zone", facts.hostname));
  loop.spawn("dns", find_out(*resolver, loop, config, check, facts, told));
  loop.run();
  if (told.failure) std::rethrow_exception(told.failure);
  return told;
}

json answer_json(const DnsFacts& facts, const Told& told) {
  json records = json::array();
  for (size_t i = 0; i < told.records.size(); ++i) {
    json record = dns_record_json(told.records[i]);
    if (i < told.findings.size()) {
      const DnsFinding& finding = told.findings[i];
      record.update({{"state", name(finding.state)},
                     {"found", finding.found},
                     {"want", finding.want},
                     {"why", finding.why}});
    }
    records.push_back(std::move(record));
  }
  json answer{
      {"domain", facts.domain}, {"hostname", facts.hostname}, {"records", records}, {"notes", told.notes}};
  if (facts.sts) {
    answer["sts_policy"] = sts_policy(facts);
    answer["sts_url"] = fmt::format("https://mta-sts.{}/.well-known/mta-sts.txt", facts.domain);
  }
  return answer;
}

int code_of(const Told& told) {
  using State = DnsFinding::State;
  bool unknown = false;
  for (size_t i = 0; i < told.findings.size(); ++i) {
    if (told.records[i].level != DnsLevel::required || told.findings[i].state == State::ok) continue;
    if (told.findings[i].state != State::unknown) return exit_code::no;
    unknown = true;
  }
  return unknown ? exit_code::later : exit_code::done;
}

int show_dns(Program& program, const DnsWords& words) {
  if (words.zone && program.json) throw Stop{exit_code::usage, "--zone or --json, not both"};
  const config::Config& config = program.config();
  DnsFacts facts = facts_of(config, words);
  std::vector<std::string> notes;
  facts.dkim = signing_keys(program, facts.domain, notes);
  Told told = ask(config, words.check, facts);
  told.notes.insert(told.notes.begin(), notes.begin(), notes.end());
  const json answer = answer_json(facts, told);
  if (program.json)
    program.print_json(answer);
  else
    program.print(words.check  ? dns_checked_in_words(answer)
                  : words.zone ? dns_as_zone(answer)
                               : dns_in_words(answer));
  return code_of(told);
}

}  // namespace

std::string dns_before_start(Program& program, const std::string& domain,
                             const std::vector<std::string>& addresses) {
  DnsFacts facts;
  try {
    facts = facts_of(program.config(), {.domain = domain, .addresses = addresses});
  } catch (const Stop&) {
    if (!addresses.empty()) throw;
    return "";
  }
  Told told;
  told.records = dns_records(facts);
  told.notes.push_back("DKIM: futar-mta makes keys at its start; then futar dns " + domain);
  return dns_in_words(answer_json(facts, told));
}

void add_dns_commands(CLI::App& app, Program& program) {
  const auto words = std::make_shared<DnsWords>();
  CLI::App* dns = app.add_subcommand("dns", "The records that a domain needs, and whether the DNS has them");
  dns->add_option("domain", words->domain, "One of our domains")->required();
  CLI::Option* check = dns->add_flag(
      "--check", words->check,
      "Ask the DNS; exit status 1: what is required is missing or wrong, 75: the DNS does not answer");
  dns->add_flag("--zone", words->zone, "As lines of a zone file")->excludes(check);
  dns->add_flag("--sts-policy", words->sts, "With MTA-STS, and the policy to serve");
  dns->add_option("--address", words->addresses,
                  "Where others see us, if no address of this machine; repeatable")
      ->allow_extra_args(false);
  command(dns, program, [&program, words] { return show_dns(program, *words); });
}

}  // namespace futar::deploy
