#include "common/dns/rdata.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/dns/resolver.h"

namespace futar::dns {

namespace {

constexpr size_t longest_label = 63, longest_name = 255;  // RFC 1035 §2.3.4

// Takes fields off the front of one record's data; what does not fit sets `ok` to false, once and for all.
class Reader {
 public:
  explicit Reader(std::string_view rdata) : left_(rdata) {}

  std::string_view take(size_t size) {
    if (size > left_.size()) return broken();
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  uint8_t u8() {
    const auto octet = take(1);
    return octet.empty() ? 0 : static_cast<uint8_t>(octet[0]);
  }

  uint16_t u16() {
    const uint8_t high = u8();
    return static_cast<uint16_t>(high << 8 | u8());
  }

  std::string_view rest() { return take(left_.size()); }
  bool at_end() const { return left_.empty(); }
  bool whole() const { return ok_ && left_.empty(); }

  // A name without compression (RFC 1035 §3.1): the resolver has unpacked it.
  std::string name() {
    std::string text;
    size_t octets = 1;
    while (const uint8_t size = u8()) {
      const auto label = take(size);
      octets += size + 1u;
      if (size > longest_label || octets > longest_name || !is_plain(label)) return std::string(broken());
      if (!text.empty()) text += '.';
      text += ascii_lower(label);
    }
    return text;
  }

 private:
  std::string_view broken() {
    ok_ = false;
    left_ = {};
    return {};
  }

  // Stricter than RFC 2181 §11: a name ends up in Received, logs and certificates' names, where a dot, a
  // parenthesis or CR LF inside a label would speak in our voice. The slash is for RFC 2317.
  static bool is_plain(std::string_view label) {
    for (const char c : label)
      if (!is_name_character(c)) return false;
    return true;
  }

  std::string_view left_;
  bool ok_ = true;
};

template <class T>
Result<T> whole(const Reader& reader, const char* type, T value) {
  if (!reader.whole()) return fail(Error::temporary(fmt::format("malformed {} record", type)));
  return value;
}

}  // namespace

std::string_view name(Type type) {
  switch (type) {
    case Type::a:
      return "A";
    case Type::ns:
      return "NS";
    case Type::cname:
      return "CNAME";
    case Type::soa:
      return "SOA";
    case Type::ptr:
      return "PTR";
    case Type::mx:
      return "MX";
    case Type::txt:
      return "TXT";
    case Type::aaaa:
      return "AAAA";
    case Type::srv:
      return "SRV";
    case Type::tlsa:
      return "TLSA";
  }
  return "TYPE";
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '/';
}

Result<Mx> parse_mx(std::string_view rdata) {
  Reader reader(rdata);
  Mx mx;
  mx.preference = reader.u16();
  mx.host = reader.name();
  return whole(reader, "MX", std::move(mx));
}

Result<net::IpAddress> parse_address(std::string_view rdata) {
  const auto* octets = reinterpret_cast<const uint8_t*>(rdata.data());
  if (rdata.size() == 4) return net::IpAddress::v4(octets);
  if (rdata.size() == 16) return net::IpAddress::v6(octets);
  return fail(Error::temporary("malformed address record"));
}

Result<std::string> parse_txt(std::string_view rdata) {
  Reader reader(rdata);
  std::string text;
  do text += reader.take(reader.u8());
  while (!reader.at_end());
  return whole(reader, "TXT", std::move(text));
}

Result<std::string> parse_name(std::string_view rdata) {
  Reader reader(rdata);
  std::string text = reader.name();
  return whole(reader, "name", std::move(text));
}

Result<Tlsa> parse_tlsa(std::string_view rdata) {
  Reader reader(rdata);
  Tlsa tlsa;
  tlsa.usage = reader.u8();
  tlsa.selector = reader.u8();
  tlsa.matching = reader.u8();
  tlsa.data = reader.rest();
  return whole(reader, "TLSA", std::move(tlsa));
}

Result<Srv> parse_srv(std::string_view rdata) {
  Reader reader(rdata);
  Srv srv;
  srv.priority = reader.u16();
  srv.weight = reader.u16();
  srv.port = reader.u16();
  srv.target = reader.name();
  return whole(reader, "SRV", std::move(srv));
}

std::string reverse_name(const net::IpAddress& address) {
  const auto octets = address.octets();
  std::string name;
  for (size_t i = octets.size(); i-- > 0;) {
    const auto octet = static_cast<uint8_t>(octets[i]);
    name += address.is_v4() ? fmt::format("{}.", octet) : fmt::format("{:x}.{:x}.", octet & 15, octet >> 4);
  }
  return name + (address.is_v4() ? "in-addr.arpa" : "ip6.arpa");
}

}  // namespace futar::dns
