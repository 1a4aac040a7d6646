// The entries of msa.listen and mta.listen.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::config {

/// One socket to bind.
struct Listen {
  enum class Tls { none, starttls, implicit };
  std::string endpoint;  ///< "127.0.0.1:1465", "[::]:465"
  Tls tls = Tls::starttls;
  bool optional = false;  ///< the IPv6 half of "*": a machine without IPv6 goes on
  bool operator==(const Listen&) const = default;
};

/// "ADDRESS:PORT" with an optional suffix "/implicit", "/starttls" or "/none". Without it port 465 is
/// implicit TLS, all others STARTTLS. The address "*" is all addresses of the machine: two entries, IPv4 and
/// IPv6 (bind it V6ONLY).
Result<std::vector<Listen>> parse_listen(std::string_view text);

}  // namespace futar::config
