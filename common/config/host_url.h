// The values of mta.smart_host, mta.routes and `futar queue reroute --via`: a mail server to hand mail to.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::config {

struct HostUrl {
  enum class Scheme : uint8_t {
    smtp,      ///< TLS when it is offered
    smtp_tls,  ///< "smtp+tls": STARTTLS, or no mail goes
    smtps,     ///< TLS from the first octet (RFC 8314 §3)
  };
  Scheme scheme = Scheme::smtp;
  std::string
      host;  ///< lower-case name, or an address literal of RFC 5321 §4.1.3: "[192.0.2.1]", "[ipv6:::1]"
  uint16_t port = 25;

  std::string text() const;  ///< "smtps://smtp.provider.example:465", always with the port
  bool operator==(const HostUrl&) const = default;
};

/// "smtp://HOST[:PORT]", "smtp+tls://..." or "smtps://..."; HOST is a name, an IPv4 address or an IPv6
/// address in brackets. Ports default to 25, 587 and 465. Login and password have settings of their own and
/// are refused.
Result<HostUrl> parse_host_url(std::string_view text);

}  // namespace futar::config
