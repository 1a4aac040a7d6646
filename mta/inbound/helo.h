// Whether the name in HELO can be the client's (RFC 5321 §2.3.5, §4.1.4). For the record: it refuses nobody.
#pragma once
#include <string>

#include "common/base/async.h"
#include "common/dns/resolver.h"
#include "common/net/address.h"

namespace futar::mta {

/// What is odd about it, in words: "it is our own name"; "" when nothing is. Asks at most 2 questions.
Task<std::string> oddity_of_helo(dns::Resolver& resolver, std::string helo, net::IpAddress client,
                                 std::string own_name);

}  // namespace futar::mta
