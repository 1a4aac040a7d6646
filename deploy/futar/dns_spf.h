// Judges an SPF record by what it does for us, and mends it. Internal to dns_check.
#pragma once
#include "deploy/futar/dns_check.h"

namespace futar::deploy {

/// `answer`: the TXT records at the record's name. Wrong unless each of our senders passes.
Task<DnsFinding> judge_spf(dns::Resolver& resolver, net::Loop& loop, const DnsFacts& facts,
                           const DnsRecord& record, const dns::Answer& answer);

}  // namespace futar::deploy
