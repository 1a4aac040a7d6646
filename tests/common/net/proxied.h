// Headers of the PROXY protocol, version 2, as a proxy writes them.
#pragma once
#include <cstdint>
#include <string>

#include "common/net/address.h"

namespace futar::net {

inline std::string two_octets(size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
}

inline std::string proxy_header(uint8_t version_and_command, uint8_t family, const std::string& rest) {
  return std::string("\r\n\r\n\0\r\nQUIT\n", 12) + static_cast<char>(version_and_command) +
         static_cast<char>(family) + two_octets(rest.size()) + rest;
}

inline std::string proxied(uint8_t family, const std::string& client, uint16_t port,
                           const std::string& server, const std::string& tlvs) {
  return proxy_header(0x21, family,
                      std::string(IpAddress::parse(client)->octets()) +
                          std::string(IpAddress::parse(server)->octets()) + two_octets(port) +
                          two_octets(25) + tlvs);
}

inline std::string proxied_v4(const std::string& client, uint16_t port, const std::string& tlvs = "") {
  return proxied(0x11, client, port, "192.0.2.25", tlvs);
}
inline std::string proxied_v6(const std::string& client, uint16_t port, const std::string& tlvs = "") {
  return proxied(0x21, client, port, "2001:db8::25", tlvs);
}

}  // namespace futar::net
