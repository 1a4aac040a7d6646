#include "mta/outbound/hosts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "common/dns/rdata.h"

namespace futar::mta {

namespace {

using dns::Answer;
using dns::Type;
using net::IpAddress;

constexpr size_t most_hosts = 20, most_addresses = 16;
constexpr size_t most_silences = 3;  // each may cost dns.timeout: then the hosts that were found must do

HostList later(std::string reason) { return {HostList::State::later, {}, std::move(reason), "4.4.3"}; }
HostList never(std::string status, std::string reason) {
  return {HostList::State::never, {}, std::move(reason), std::move(status)};
}

std::string host_form(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return ascii_lower(name);
}

// "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3), and where `bare` without brackets.
std::optional<IpAddress> literal_in(std::string_view text, bool bare) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  if (!bracketed && !bare) return std::nullopt;
  if (bracketed && starts_with_nocase(text, "IPv6:")) text.remove_prefix(5);
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return *address;
}

// Whatever the port: ours may be forwarded to another.
bool is_own_name(const std::string& name, const HostRules& rules) {
  return std::ranges::any_of(rules.own_names, [&](const std::string& own) { return host_form(own) == name; });
}

// What strangers write into the DNS must not lead to whoever listens on this machine: 127/8 and ::1, and
// 0.0.0.0 and ::, which the kernel takes for them.
bool leads_here(const IpAddress& address) { return address.is_loopback() || address.is_any(); }

bool is_own_address(const IpAddress& address, const HostRules& rules) {
  return std::ranges::any_of(rules.own, [&](const net::Endpoint& own) {
    const bool everywhere = own.address.is_any() && own.address.is_v4() == address.is_v4();
    return own.port == rules.port && (own.address == address || (everywhere && leads_here(address)));
  });
}

bool is_ours(const Host& host, const HostRules& rules) {
  return is_own_name(host.name, rules) || std::ranges::any_of(host.addresses, [&](const IpAddress& address) {
           return is_own_address(address, rules) || leads_here(address);
         });
}

std::string_view families(const HostRules& rules) {
  if (rules.ipv4 && rules.ipv6) return "";
  return rules.ipv4 ? "IPv4 " : "IPv6 ";
}

// ── Addresses ────────────────────────────────────────────────────────────────

std::vector<IpAddress> addresses_in(const Answer& answer, Type type) {
  std::vector<IpAddress> addresses;
  for (const auto& rdata : answer.rdata)
    if (const auto address = dns::parse_address(rdata); address && address->is_v4() == (type == Type::a))
      addresses.push_back(*address);
  return addresses;
}

// IPv6, IPv4, IPv6 ...: if one family does not get through, the second attempt already takes the other.
std::vector<IpAddress> alternate(const std::vector<IpAddress>& v6, const std::vector<IpAddress>& v4) {
  std::vector<IpAddress> order;
  for (size_t i = 0; i < std::max(v6.size(), v4.size()) && order.size() < most_addresses; ++i) {
    if (i < v6.size()) order.push_back(v6[i]);
    if (i < v4.size() && order.size() < most_addresses) order.push_back(v4[i]);
  }
  return order;
}

// Fills in what the DNS says of host.name. Returns why it may be different later, "" when the answers are
// final.
Task<std::string> find_addresses(dns::Resolver& resolver, Host& host, const HostRules& rules) {
  std::vector<IpAddress> found[2];
  std::string trouble;
  host.canonical = host.name;
  host.address_secure = true;
  for (const Type type : {Type::aaaa, Type::a}) {
    if (!(type == Type::a ? rules.ipv4 : rules.ipv6)) continue;
    const Answer answer = co_await resolver.ask(host.name, type);
    if (answer.is_temporary())
      trouble = fmt::format("{} {}: {}", host.name, dns::name(type), printable(answer.why, 200));
    auto& addresses = found[type == Type::a];
    if (answer.has_records()) addresses = addresses_in(answer, type);
    if (addresses.empty()) continue;
    host.address_secure = host.address_secure && answer.secure;
    host.canonical = answer.canonical_name;
  }
  host.addresses = alternate(found[0], found[1]);
  if (host.addresses.empty()) host.address_secure = false;
  co_return trouble;
}

// ── The MX list ──────────────────────────────────────────────────────────────

struct MxList {
  std::vector<dns::Mx> records;  ///< best first, equals shuffled, each host once
  bool null = false;             ///< a null MX and nothing else (RFC 7505 §3)
};

MxList mx_list(const Answer& answer, std::mt19937& random) {
  MxList list;
  for (const auto& rdata : answer.rdata)
    if (auto mx = dns::parse_mx(rdata)) list.records.push_back(*std::move(mx));
  // "A domain that advertises a null MX MUST NOT advertise any other MX RR": where it does, mail is meant to
  // arrive.
  const auto nulls = std::erase_if(list.records, [](const dns::Mx& mx) { return mx.host.empty(); });
  list.null = nulls > 0 && list.records.empty();
  std::ranges::sort(list.records, {}, &dns::Mx::preference);
  for (auto run = list.records.begin(); run != list.records.end();) {
    const auto end = std::find_if(run, list.records.end(),
                                  [p = run->preference](const dns::Mx& mx) { return mx.preference != p; });
    std::shuffle(run, end, random);
    run = end;
  }
  std::vector<dns::Mx> once;
  for (auto& mx : list.records)
    if (once.size() < most_hosts && std::ranges::find(once, mx.host, &dns::Mx::host) == once.end())
      once.push_back(std::move(mx));
  list.records = std::move(once);
  return list;
}

struct Search {
  std::vector<Host> hosts;
  bool ourselves = false;  ///< we stand in the list; what is not better than us is not in `hosts`
  std::string trouble;     ///< of a host whose addresses may be known later
};

// RFC 5321 §5.1: what stands at our own preference or behind it would come back to us.
void cut(Search& search, uint16_t preference) {
  search.ourselves = true;
  std::erase_if(search.hosts, [&](const Host& host) { return host.preference >= preference; });
}

Task<Search> search_hosts(dns::Resolver& resolver, std::vector<dns::Mx> records, bool secure,
                          const HostRules& rules) {
  Search search;
  size_t silences = 0;
  for (const dns::Mx& mx : records) {
    Host host;
    host.name = mx.host;
    host.preference = mx.preference;
    host.mx_secure = secure;
    std::string trouble;
    if (!is_own_name(host.name, rules)) trouble = co_await find_addresses(resolver, host, rules);
    if (!trouble.empty()) search.trouble = trouble;
    if (is_ours(host, rules)) {
      cut(search, host.preference);
      break;
    }
    if (!host.addresses.empty()) search.hosts.push_back(std::move(host));
    if (!trouble.empty() && ++silences == most_silences) break;
  }
  co_return search;
}

std::string places(const std::vector<Host>& hosts) {
  std::vector<std::string> words;
  for (const Host& host : hosts) {
    if (words.size() == 3) {
      words.push_back(fmt::format("{} more", hosts.size() - 3));
      break;
    }
    words.push_back(fmt::format("{} (its MX {})", host.name, host.preference));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

HostList found(std::vector<Host> hosts, std::string reason) {
  return {HostList::State::found, std::move(hosts), std::move(reason), ""};
}

HostList loop_of(const std::string& domain) {
  return never("5.4.6",
               fmt::format("mail for {} would come back to us: the DNS leads to this server, which does not "
                           "receive for it",
                           domain));
}

Task<HostList> find_by_mx(dns::Resolver& resolver, const std::string& domain, const Answer& answer,
                          const HostRules& rules, std::mt19937& random) {
  MxList list = mx_list(answer, random);
  if (list.null) co_return never("5.1.10", fmt::format("{} does not receive mail (null MX)", domain));
  if (list.records.empty())
    co_return never("5.1.2", fmt::format("the MX records of {} are malformed", domain));
  Search search = co_await search_hosts(resolver, std::move(list.records), answer.secure, rules);
  if (!search.hosts.empty()) {
    std::string reason = fmt::format("{} receives at {}", domain, places(search.hosts));
    co_return found(std::move(search.hosts), std::move(reason));
  }
  if (!search.trouble.empty())
    co_return later(fmt::format("no address of a host of {}: {}", domain, search.trouble));
  if (search.ourselves) co_return loop_of(domain);
  co_return never("5.1.2", fmt::format("none of the hosts that receive for {} has an {}address", domain,
                                       families(rules)));
}

// RFC 5321 §5.1: without any MX the domain is its own host, with preference 0.
Task<HostList> find_implicit(dns::Resolver& resolver, const std::string& domain, bool denial_secure,
                             const HostRules& rules) {
  Host host;
  host.name = domain;
  host.mx_secure = denial_secure;
  const std::string trouble = co_await find_addresses(resolver, host, rules);
  if (is_ours(host, rules)) co_return loop_of(domain);
  if (!host.addresses.empty())
    co_return found({host}, fmt::format("{} has no MX and receives at its own address", domain));
  if (!trouble.empty()) co_return later(trouble);
  co_return never("5.1.2", fmt::format("{} has neither MX nor {}address", domain, families(rules)));
}

HostList literal_host(const std::string& text, const IpAddress& address, const HostRules& rules) {
  if (!(address.is_v4() ? rules.ipv4 : rules.ipv6))
    return never("5.1.2", fmt::format("{}: mta.ip leaves only {}addresses", text, families(rules)));
  Host host;
  host.name = host.canonical = text;
  host.addresses = {address};
  return found({host}, fmt::format("{} is an address", text));
}

}  // namespace

Task<HostList> find_hosts(dns::Resolver& resolver, std::string domain, const HostRules& rules,
                          std::mt19937& random) {
  domain = host_form(std::move(domain));
  if (const auto address = literal_in(domain, false)) {
    HostList list = literal_host(domain, *address, rules);
    if (!list.hosts.empty() && is_ours(list.hosts[0], rules)) co_return loop_of(domain);
    co_return list;
  }
  const Answer mx = co_await resolver.ask(domain, Type::mx);
  switch (mx.status) {
    case Answer::Status::ok:
      co_return co_await find_by_mx(resolver, domain, mx, rules, random);
    case Answer::Status::no_data:
      co_return co_await find_implicit(resolver, domain, mx.secure, rules);
    case Answer::Status::no_name:
      co_return never("5.1.2", fmt::format("{} does not exist in the DNS", domain));
    case Answer::Status::failed:
    case Answer::Status::bogus:
      break;
  }
  co_return later(fmt::format("{} MX: {}", domain, printable(mx.why, 200)));
}

Task<HostList> find_host(dns::Resolver& resolver, std::string name, const HostRules& rules) {
  name = host_form(std::move(name));
  Host host;
  host.name = name;
  std::string trouble;
  if (const auto address = literal_in(name, true)) {
    HostList list = literal_host(name, *address, rules);
    if (list.hosts.empty()) co_return list;
    host = list.hosts[0];
  } else {
    trouble = co_await find_addresses(resolver, host, rules);
  }
  if (std::ranges::any_of(host.addresses, [&](const IpAddress& a) { return is_own_address(a, rules); }))
    co_return never("5.4.6", fmt::format("{} port {} is this server itself", name, rules.port));
  if (!host.addresses.empty()) co_return found({host}, fmt::format("{} is asked for by name", name));
  if (!trouble.empty()) co_return later(trouble);
  co_return never("5.1.2", fmt::format("{} has no {}address", name, families(rules)));
}

}  // namespace futar::mta
