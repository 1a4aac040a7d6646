// Who gave a message to a host that forwards to us and that we trust (mta.trusted_forwarders): a second MX.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/address.h"

namespace futar::mta {

struct Origin {
  net::IpAddress client;
  std::string helo;
};

/// The client of the newest Received field that does not come from a forwarder, or from the forwarder's own
/// loopback, itself. None: the field cannot be read (message/received_hop.h), or there is none.
std::optional<Origin> origin_of(std::string_view header,
                                const std::function<bool(const net::IpAddress&)>& is_forwarder);

}  // namespace futar::mta
