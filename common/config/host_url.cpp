#include "common/config/host_url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"

namespace futar::config {
namespace {

constexpr std::string_view ipv6_tag = "ipv6:";

struct SchemeWords {
  HostUrl::Scheme scheme;
  std::string_view name;
  uint16_t port;
};
constexpr std::array schemes{SchemeWords{HostUrl::Scheme::smtp, "smtp", 25},
                             SchemeWords{HostUrl::Scheme::smtp_tls, "smtp+tls", 587},
                             SchemeWords{HostUrl::Scheme::smtps, "smtps", 465}};

bool is_address(int family, std::string_view text) {
  unsigned char octets[16];
  return inet_pton(family, std::string(text).c_str(), octets) == 1;
}

bool is_name(std::string_view text) {
  const auto labels = split(text, '.');
  return text.size() <= 253 && std::ranges::all_of(labels, [](std::string_view label) {
           return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                  std::ranges::all_of(label, [](char c) {
                    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
                  });
         });
}

// What stands between "://" and the port, as HostUrl::host.
std::optional<std::string> host_of(std::string_view text) {
  const std::string host = ascii_lower(text);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return std::nullopt;
    const std::string inner = host.substr(1, host.size() - 2);
    if (!is_address(AF_INET6, inner)) return std::nullopt;
    return fmt::format("[{}{}]", ipv6_tag, inner);
  }
  if (is_address(AF_INET, host)) return "[" + host + "]";
  // A name whose last label is a number is an address gone wrong ("192.0.2"); there is no such top-level
  // domain.
  const std::string_view last = std::string_view(host).substr(host.rfind('.') + 1);
  if (!is_name(host) || parse_number(last)) return std::nullopt;
  return host;
}

}  // namespace

std::string HostUrl::text() const {
  std::string authority = host;
  if (host.starts_with('[') && host.substr(1).starts_with(ipv6_tag))
    authority = "[" + host.substr(1 + ipv6_tag.size());
  else if (host.starts_with('['))
    authority = host.substr(1, host.size() - 2);
  return fmt::format("{}://{}:{}", std::ranges::find(schemes, scheme, &SchemeWords::scheme)->name, authority,
                     port);
}

Result<HostUrl> parse_host_url(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(Error::permanent(fmt::format("\"{}\" is no mail server: {}", printable(text, 80), why)));
  };
  const size_t colon = text.find("://");
  const auto known = std::ranges::find(schemes, ascii_lower(text.substr(0, std::min(colon, text.size()))),
                                       &SchemeWords::name);
  if (colon == std::string_view::npos || known == schemes.end())
    return bad("write smtp://, smtp+tls:// or smtps:// and HOST[:PORT]");
  std::string_view authority = text.substr(colon + 3);
  if (authority.contains('@'))
    return fail(Error::permanent("login and password do not belong into the URL of a mail server"));
  if (authority.ends_with('/')) authority.remove_suffix(1);
  HostUrl url{known->scheme, "", known->port};
  // The colons of an IPv6 address stand before its bracket.
  const size_t bracket = authority.rfind(']');
  const size_t port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (port != std::string_view::npos) {
    const auto number = parse_number(authority.substr(port + 1));
    if (!number || *number == 0 || *number > 65535) return bad("the port is a number from 1 to 65535");
    url.port = static_cast<uint16_t>(*number);
  }
  auto host = host_of(authority.substr(0, port));
  if (!host) return bad("HOST is a name, an IPv4 address or an IPv6 address in brackets");
  url.host = std::move(*host);
  return url;
}

}  // namespace futar::config
