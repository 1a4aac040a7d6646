#include "common/net/gateways.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/log/log.h"

namespace futar::net {
namespace {

constexpr uint32_t is_gateway = 0x0002, is_reject = 0x0200;  // RTF_GATEWAY, RTF_REJECT of <linux/route.h>
constexpr size_t table_limit = 1 << 20;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    words.push_back(line.substr(0, line.find_first_of(" \t")));
    line.remove_prefix(words.back().size());
  }
}

std::optional<uint32_t> hex(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<IpAddress> v6_of_hex(std::string_view text) {
  uint8_t octets[16];
  if (text.size() != 2 * sizeof octets) return std::nullopt;
  for (size_t i = 0; i < sizeof octets; ++i) {
    const auto octet = hex(text.substr(2 * i, 2));
    if (!octet) return std::nullopt;
    octets[i] = static_cast<uint8_t>(*octet);
  }
  return IpAddress::v6(octets);
}

void add(std::vector<IpAddress>& addresses, const IpAddress& address) {
  if (!address.is_any() && !std::ranges::count(addresses, address)) addresses.push_back(address);
}

// Files of the kernel have no size before they are read.
std::string text_of(const char* path) { return read_file(path, table_limit).value_or(""); }

}  // namespace

// Iface Destination Gateway Flags RefCnt Use Metric Mask; the kernel prints addresses as the number that
// their four octets are in memory.
std::vector<IpAddress> gateways_in_route(std::string_view route) {
  std::vector<IpAddress> found;
  for (const std::string_view line : split(route, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 8 || hex(words[1]) != 0u || hex(words[7]) != 0u) continue;
    const auto gateway = hex(words[2]), flags = hex(words[3]);
    if (!gateway || !flags || !(*flags & is_gateway)) continue;
    uint8_t octets[4];
    std::memcpy(octets, &*gateway, sizeof octets);
    add(found, IpAddress::v4(octets));
  }
  return found;
}

// Destination length source length gateway metric references use flags interface.
std::vector<IpAddress> gateways_in_ipv6_route(std::string_view route) {
  std::vector<IpAddress> found;
  for (const std::string_view line : split(route, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 9 || hex(words[1]) != 0u) continue;
    const auto gateway = v6_of_hex(words[4]);
    const auto flags = hex(words[8]);
    if (gateway && flags && (*flags & is_gateway) && !(*flags & is_reject)) add(found, *gateway);
  }
  return found;
}

std::vector<IpAddress> default_gateways() {
  auto found = gateways_in_route(text_of("/proc/net/route"));
  for (const IpAddress& one : gateways_in_ipv6_route(text_of("/proc/net/ipv6_route"))) add(found, one);
  return found;
}

std::string sign_in_cgroup(std::string_view cgroup) {
  for (const std::string_view line : split(cgroup, '\n'))
    for (const std::string_view word : {"docker", "libpod", "kubepods", "lxc"})
      if (line.contains(fmt::format("/{}", word))) return "its cgroup " + printable(line, 80);
  return "";
}

std::string container_sign() {
  for (const char* path : {"/.dockerenv", "/run/.containerenv"})
    if (::access(path, F_OK) == 0) return path;
  return sign_in_cgroup(text_of("/proc/self/cgroup"));
}

std::vector<IpAddress> hiding_gateways(std::string_view container) {
  if (container == "no" || (container == "auto" && container_sign().empty())) return {};
  return default_gateways();
}

Result<void> check_trust(std::string_view setting, const std::vector<std::string>& networks,
                         const std::vector<IpAddress>& gateways) {
  for (const std::string& text : networks) {
    const Network network = TRY(Network::parse(text));
    for (const IpAddress& gateway : gateways)
      if (network.contains(gateway) && network.prefix() == (gateway.is_v4() ? 32 : 128))
        return fail(Error::permanent(
            fmt::format("{}: {} is the gateway of this container: any client may come from there", setting,
                        gateway.text())));
  }
  return {};
}

bool HiddenClients::covers(const IpAddress& client) const {
  return std::ranges::count(gateways_, client) > 0;
}

void HiddenClients::count(const IpAddress& client) {
  if (!covers(client)) return;
  newest_ = client.text();
  if (counted_++ > 0) return;
  log::warning(
      "clients come from {}, the gateway of this container, which hides who they are: none of them may "
      "relay, "
      "SPF and their names are not judged, limits per client do not apply (deploy/compose/clients.md)",
      newest_);
}

}  // namespace futar::net
