// The client that a Received field names (RFC 5321 §4.4), for mail that comes through a host which we trust.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace futar::message {

/// Plain words and octets of an address: nothing in it needs quoting.
struct ReceivedHop {
  std::string helo;  ///< what the client said
  std::string
      address;  ///< "192.0.2.1", "2001:db8::1": of the literal; whether it is one, net::IpAddress says
};

/// Of the value of a Received field, folds and all: "from HELO ([NAME] [ADDRESS])", then perhaps comments,
/// then "by". Strict, because the client chose the HELO and often the name: whatever could be read in two
/// ways is none. Postfix, OpenSMTPD, Sendmail (unless it adds "may be forged") and Futár write it so.
std::optional<ReceivedHop> received_hop(std::string_view value);

}  // namespace futar::message
