#include "common/net/proxy_header.h"

#include <fmt/format.h>

#include <string>

namespace futar::net {
namespace {

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t most_rest = 2048;
constexpr uint8_t version_2 = 0x20, local = 0x0, proxy = 0x1;
constexpr uint8_t tcp4 = 0x11, tcp6 = 0x21;

uint8_t octet(std::string_view octets, size_t at) { return static_cast<uint8_t>(octets[at]); }
uint16_t number(std::string_view octets, size_t at) {
  return static_cast<uint16_t>(octet(octets, at) << 8 | octet(octets, at + 1));
}

IpAddress address(std::string_view octets) {
  const auto* raw = reinterpret_cast<const uint8_t*>(octets.data());
  return octets.size() == 4 ? IpAddress::v4(raw) : IpAddress::v6(raw);
}

std::unexpected<Error> wrong(std::string words) { return fail(Error::permanent(std::move(words))); }

// §2.2: both addresses, then both ports.
Result<ProxyHeader> decode_addresses(std::string_view block, size_t width) {
  if (block.size() < 2 * width + 4) return wrong("its addresses are cut off");
  ProxyHeader header;
  header.client = {address(block.substr(0, width)), number(block, 2 * width)};
  header.server = {address(block.substr(width, width)), number(block, 2 * width + 2)};
  return header;
}

Task<> read_exactly(Stream& stream, std::string& octets, size_t size) {
  size_t have = octets.size();
  octets.resize(have + size);
  while (have < octets.size()) have += co_await stream.read(octets.data() + have, octets.size() - have);
}

}  // namespace

Result<size_t> proxy_header_rest(std::string_view start) {
  if (start.size() < proxy_header_start || !start.starts_with(signature) ||
      (octet(start, 12) & 0xF0) != version_2)
    return wrong("it does not begin with a PROXY header of version 2");
  const size_t rest = number(start, 14);
  if (rest > most_rest) return wrong(fmt::format("its PROXY header of {} octets is too long", rest));
  return rest;
}

Result<ProxyHeader> decode_proxy_header(std::string_view octets) {
  const size_t rest = TRY(proxy_header_rest(octets));
  if (octets.size() - proxy_header_start != rest) return wrong("its PROXY header has another length");
  const uint8_t command = octet(octets, 12) & 0x0F, family = octet(octets, 13);
  if (command == local) return ProxyHeader{true, {}, {}};
  if (command != proxy) return wrong(fmt::format("its PROXY header has command {}", command));
  const std::string_view block = octets.substr(proxy_header_start);
  if (family == tcp4) return decode_addresses(block, 4);
  if (family == tcp6) return decode_addresses(block, 16);
  return wrong(fmt::format("its PROXY header is of family {:#04x}, not of TCP", family));
}

Task<Result<ProxyHeader>> read_proxy_header(Stream& stream) {
  std::string octets;
  co_await read_exactly(stream, octets, proxy_header_start);
  const size_t rest = CO_TRY(proxy_header_rest(octets));
  co_await read_exactly(stream, octets, rest);
  co_return decode_proxy_header(octets);
}

}  // namespace futar::net
