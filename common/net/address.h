// Socket addresses as values: parsing, printing, networks. No I/O.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::net {

/// An IPv4 or IPv6 address in network order; IPv4-mapped IPv6 is stored as IPv4.
class IpAddress {
 public:
  IpAddress() = default;
  static Result<IpAddress> parse(std::string_view text);  ///< "192.0.2.1", "2001:db8::1", without brackets
  static IpAddress v4(const uint8_t octets[4]);
  static IpAddress v6(const uint8_t octets[16]);
  bool is_v4() const { return size_ == 4; }
  bool is_loopback() const;
  bool is_any() const;  ///< 0.0.0.0 and ::
  std::string_view octets() const { return {reinterpret_cast<const char*>(octets_), size_}; }
  std::string text() const;
  std::string literal() const;  ///< RFC 5321 §4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]"
  bool operator==(const IpAddress& other) const { return octets() == other.octets(); }

 private:
  uint8_t octets_[16]{};
  size_t size_ = 0;  ///< 4, 16, or 0 for a UNIX peer
};

/// "192.0.2.0/24", "2001:db8::/32", or one address.
class Network {
 public:
  static Result<Network> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  int prefix() const { return prefix_; }

 private:
  IpAddress base_;
  int prefix_ = 0;
};

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;
  std::string text() const;  ///< "192.0.2.1:25", "[2001:db8::1]:25"
  static Result<Endpoint> parse(std::string_view text);
};

}  // namespace futar::net
