// The questions of DMARC to the DNS: at most two for each domain in From (RFC 7489 §6.6.3).
#pragma once
#include <random>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/dmarc/evaluate.h"
#include "common/dns/resolver.h"

namespace futar::dmarc {

/// The policy of `author` (canonical), else of its organisational domain.
Task<Discovery> discover(dns::Resolver& resolver, std::string author);

/// The whole of DMARC for one message.
Task<Evaluation> check(dns::Resolver& resolver, Authors authors, std::vector<Identifier> identifiers,
                       std::mt19937& random);

}  // namespace futar::dmarc
