// The name of an address, believed only when the name leads back to it.
#pragma once
#include <string>

#include "common/base/async.h"
#include "common/dns/resolver.h"
#include "common/net/address.h"

namespace futar::dns {

/// Whether one of the names that PTR gives for `address` has that address (RFC 8601 §3, "iprev"); `name`,
/// unless null, becomes the first such name, else "". Asks at most 11 questions.
Task<bool> confirmed_reverse(Resolver& resolver, net::IpAddress address, std::string* name);

}  // namespace futar::dns
