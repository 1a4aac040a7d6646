#include "common/config/listen.h"

#include <fmt/format.h>

#include "common/base/text.h"

namespace futar::config {

Result<std::vector<Listen>> parse_listen(std::string_view text) {
  const auto bad = [&] {
    return fail(Error::permanent(fmt::format(
        "\"{}\" is no listener; write ADDRESS:PORT, if need be with /implicit, /starttls or /none", text)));
  };
  const auto slash = text.find('/');
  const auto endpoint = text.substr(0, slash);
  const auto colon = endpoint.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  const auto address = endpoint.substr(0, colon);
  const auto port = parse_number(endpoint.substr(colon + 1));
  if (!port || *port > 65535) return bad();
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  if (!bracketed && address.find(':') != std::string_view::npos) return bad();

  Listen listen{.endpoint = std::string(endpoint),
                .tls = *port == 465 ? Listen::Tls::implicit : Listen::Tls::starttls};
  if (slash != std::string_view::npos) {
    const auto mode = text.substr(slash + 1);
    if (mode == "implicit")
      listen.tls = Listen::Tls::implicit;
    else if (mode == "starttls")
      listen.tls = Listen::Tls::starttls;
    else if (mode == "none")
      listen.tls = Listen::Tls::none;
    else
      return bad();
  }
  if (address != "*") return std::vector{listen};
  return std::vector{Listen{fmt::format("0.0.0.0:{}", *port), listen.tls, false},
                     Listen{fmt::format("[::]:{}", *port), listen.tls, true}};
}

}  // namespace futar::config
