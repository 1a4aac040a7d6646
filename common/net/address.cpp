#include "common/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "common/base/text.h"

namespace futar::net {

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  uint8_t octets[16];
  if (inet_pton(AF_INET, terminated.c_str(), octets) == 1) return v4(octets);
  if (inet_pton(AF_INET6, terminated.c_str(), octets) == 1) return v6(octets);
  return fail(Error::permanent(fmt::format("'{}' is no IP address", printable(text, 60))));
}

IpAddress IpAddress::v4(const uint8_t octets[4]) {
  IpAddress address;
  address.size_ = 4;
  std::memcpy(address.octets_, octets, 4);
  return address;
}

IpAddress IpAddress::v6(const uint8_t octets[16]) {
  constexpr uint8_t mapped[12] = {0, 0, 0, 0, 0,    0,
                                  0, 0, 0, 0, 0xFF, 0xFF};  // ::ffff:0:0/96, RFC 4291 §2.5.5.2
  if (std::memcmp(octets, mapped, sizeof mapped) == 0) return v4(octets + 12);
  IpAddress address;
  address.size_ = 16;
  std::memcpy(address.octets_, octets, 16);
  return address;
}

bool IpAddress::is_any() const {
  return size_ > 0 && std::all_of(octets_, octets_ + size_, [](uint8_t o) { return o == 0; });
}

bool IpAddress::is_loopback() const {
  if (size_ == 4) return octets_[0] == 127;
  return size_ == 16 && octets_[15] == 1 &&
         std::all_of(octets_, octets_ + 15, [](uint8_t o) { return o == 0; });
}

std::string IpAddress::text() const {
  if (size_ == 0) return "";
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(is_v4() ? AF_INET : AF_INET6, octets_, text, sizeof text);
}

std::string IpAddress::literal() const { return fmt::format("[{}{}]", is_v4() ? "" : "IPv6:", text()); }

Result<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  Network network;
  network.base_ = TRY(IpAddress::parse(text.substr(0, slash)));
  const int longest = network.base_.is_v4() ? 32 : 128;
  network.prefix_ = longest;
  if (slash != std::string_view::npos) {
    const auto prefix = parse_number(text.substr(slash + 1));
    if (!prefix || *prefix > static_cast<uint64_t>(longest))
      return fail(Error::permanent(fmt::format("'{}': the prefix is 0 to {}", printable(text, 60), longest)));
    network.prefix_ = static_cast<int>(*prefix);
  }
  // "192.0.2.1/24" may mean one host or the network: a relay must not guess.
  const auto octets = network.base_.octets();
  for (int bit = network.prefix_; bit < longest; ++bit)
    if (octets[bit / 8] >> (7 - bit % 8) & 1)
      return fail(Error::permanent(fmt::format("'{}' has bits set behind its prefix", printable(text, 60))));
  return network;
}

bool Network::contains(const IpAddress& address) const {
  const auto own = base_.octets(), other = address.octets();
  if (own.size() != other.size()) return false;
  const int whole = prefix_ / 8, rest = prefix_ % 8;
  if (own.substr(0, whole) != other.substr(0, whole)) return false;
  return rest == 0 || static_cast<uint8_t>(own[whole] ^ other[whole]) >> (8 - rest) == 0;
}

std::string Endpoint::text() const {
  if (address.octets().empty()) return "unix";
  return address.is_v4() ? fmt::format("{}:{}", address.text(), port)
                         : fmt::format("[{}]:{}", address.text(), port);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(
        Error::permanent(fmt::format("'{}' is not address:port or [address]:port", printable(text, 80))));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1));
  const bool v6_text = host.find(':') != std::string_view::npos;
  if (!address || v6_text != bracketed || !port || *port > 65535) return wrong();
  return Endpoint{*address, static_cast<uint16_t>(*port)};
}

}  // namespace futar::net
