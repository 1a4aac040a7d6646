#include "common/dns/servers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/text.h"
#include "common/net/address.h"

namespace futar::dns {

namespace {

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> found;
  std::string word;
  for (const char c : line) {
    if (c == ';' || c == '#') break;
    if (c != ' ' && c != '\t' && c != '\r') {
      word += c;
    } else if (!word.empty()) {
      found.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) found.push_back(std::move(word));
  return found;
}

bool is_address(std::string_view text) {
  return net::IpAddress::parse(text.substr(0, text.find('%'))).has_value();  // "fe80::1%eth0"
}

Result<std::string> parse_server(std::string_view text) {
  const auto at = text.find('@');
  const auto host = text.substr(0, at);
  const auto port = at == std::string_view::npos ? 53 : parse_number(text.substr(at + 1));
  if (!is_address(host) || !port || *port == 0 || *port > 65535)
    return fail(Error::permanent(fmt::format("dns.servers: '{}' is not ADDRESS@PORT", printable(text, 80))));
  return fmt::format("{}@{}", host, *port);
}

}  // namespace

std::vector<std::string> parse_resolv_conf(std::string_view text) {
  std::vector<std::string> addresses;
  for (const auto line : split(text, '\n'))
    if (const auto found = words(line); found.size() >= 2 && found[0] == "nameserver" && is_address(found[1]))
      addresses.push_back(found[1]);
  return addresses;
}

Result<Servers> parse_servers(const std::vector<std::string>& servers, std::string_view resolv_conf) {
  Servers parsed;
  for (const auto& server : servers) {
    if (server != "resolv.conf") {
      parsed.forwarders.push_back(TRY(parse_server(server)));
      continue;
    }
    parsed.named = false;
    for (const auto& address : parse_resolv_conf(resolv_conf)) parsed.forwarders.push_back(address + "@53");
  }
  return parsed;
}

std::string anchor_zone(std::string_view text) {
  for (const auto line : split(text, '\n'))
    if (const auto found = words(line); found.size() > 1) return found[0];
  return ".";
}

std::vector<Way> ways(const Servers& servers) {
  if (servers.forwarders.empty()) return {Way::recurse};
  if (servers.named) return {Way::forward, Way::forward_plain};
  return {Way::forward, Way::recurse, Way::forward_plain};
}

std::string describe(Way way, const Servers& servers, bool proven) {
  const std::string whom = fmt::format("{}", fmt::join(servers.forwarders, ", "));
  const char* silence = proven ? "" : ", no answer yet";
  switch (way) {
    case Way::forward:
      return fmt::format("{}, validated here{}", whom, silence);
    case Way::recurse:
      if (whom.empty()) return fmt::format("recursion, validated here{}", silence);
      return fmt::format("recursion, validated here ({} cannot be used with DNSSEC)", whom);
    case Way::forward_plain:
      return fmt::format("{}, without DNSSEC, which is lost there: DANE is off", whom);
  }
  return "";
}

}  // namespace futar::dns
