#include "mta/inbound/origin.h"

#include "common/message/header.h"
#include "common/message/received_hop.h"

namespace futar::mta {

std::optional<Origin> origin_of(std::string_view header,
                                const std::function<bool(const net::IpAddress&)>& is_forwarder) {
  for (const message::Field& field : message::split_header(header)) {
    if (!field.is("Received")) continue;
    const auto hop = message::received_hop(field.value);
    if (!hop) return std::nullopt;
    const auto client = net::IpAddress::parse(hop->address);
    if (!client || client->is_any()) return std::nullopt;
    if (!client->is_loopback() && !is_forwarder(*client)) return Origin{*client, hop->helo};
  }
  return std::nullopt;
}

}  // namespace futar::mta
