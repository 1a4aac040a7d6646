#include "mta/sign/look.h"

#include <optional>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/dkim/key_record.h"
#include "common/dns/rdata.h"

namespace futar::mta {
namespace {

using dns::Answer;
using dns::Type;

constexpr size_t most_servers = 8;

struct Zone {
  std::string name;
  std::vector<std::string> servers;  ///< addresses
};

Task<std::string> address_of(dns::Resolver& resolver, std::string host) {
  for (const Type type : {Type::a, Type::aaaa}) {
    const Answer answer = co_await resolver.ask(host, type);
    for (const std::string& rdata : answer.rdata)
      if (const auto address = dns::parse_address(rdata)) co_return address->text();
  }
  co_return "";
}

// The nearest name with NS records: a provider may have _domainkey as a zone of its own.
Task<Zone> zone_of(dns::Resolver& resolver, std::string name) {
  while (!name.empty()) {
    const Answer answer = co_await resolver.ask(name, Type::ns);
    if (answer.has_records() && answer.canonical_name == name) {
      Zone zone{name, {}};
      for (const std::string& rdata : answer.rdata) {
        const auto host = dns::parse_name(rdata);
        if (!host || zone.servers.size() >= most_servers) continue;
        if (std::string address = co_await address_of(resolver, *host); !address.empty())
          zone.servers.push_back(std::move(address));
      }
      co_return zone;
    }
    const size_t dot = name.find('.');
    name = dot == std::string::npos ? "" : name.substr(dot + 1);
  }
  co_return Zone{};
}

/// "": this answer shows the key. Otherwise why it does not.
std::string what_is_wrong(const Answer& answer, const Selector& selector) {
  const auto published = dkim::read_key(answer);
  if (!published) return published.error().text;
  const auto own = dkim::parse_key_record(selector.record);
  return own && own->key.octets() == published->key.octets() ? "" : "another key stands there";
}

Sighting by_resolver(const Answer& answer, const Selector& selector) {
  if (answer.is_temporary()) return {Sighting::State::unknown, "no answer: " + printable(answer.why, 100)};
  const std::string wrong = what_is_wrong(answer, selector);
  if (wrong.empty()) return {Sighting::State::shown, "the resolver shows it"};
  return {Sighting::State::absent, "the resolver does not show it: " + wrong};
}

Sighting by_servers(size_t servers, size_t answered, size_t shown, const std::string& wrong) {
  const std::string of = servers == 1 ? "the name server" : fmt::format("{} name servers", servers);
  if (shown == answered) {
    const std::string silent =
        answered < servers ? fmt::format(" ({} gave no answer)", servers - answered) : "";
    return {Sighting::State::shown,
            (answered == 1 ? "the name server shows it" : fmt::format("{} name servers show it", answered)) +
                silent};
  }
  if (shown == 0)
    return {Sighting::State::absent, of + (servers == 1 ? " does" : " do") + " not show it: " + wrong};
  return {Sighting::State::unknown, fmt::format("{} of {} show it", shown, of)};
}

}  // namespace

Task<Sighting> look(const DnsEyes& eyes, Selector selector) {
  const Zone zone = co_await zone_of(eyes.resolver, "_domainkey." + selector.domain);
  size_t answered = 0, shown = 0;
  std::string wrong;
  for (const std::string& server : zone.servers) {
    const Answer answer = co_await eyes.ask_server(server, zone.name, selector.dns_name(), Type::txt);
    if (answer.is_temporary()) continue;
    ++answered;
    std::string why = what_is_wrong(answer, selector);
    if (why.empty())
      ++shown;
    else
      wrong = std::move(why);
  }
  if (answered > 0) co_return by_servers(zone.servers.size(), answered, shown, wrong);
  co_return by_resolver(co_await eyes.resolver.ask(selector.dns_name(), Type::txt), selector);
}

}  // namespace futar::mta
