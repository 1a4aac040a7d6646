// Whether the public DNS shows a key, asked at the servers of its zone and not at a cache.
#pragma once
#include <functional>
#include <string>

#include "common/dns/resolver.h"
#include "mta/sign/selector.h"

namespace futar::mta {

struct DnsEyes {
  dns::Resolver& resolver;
  /// dns::Unbound::ask_server: server, zone, name, type.
  std::function<Task<dns::Answer>(std::string, std::string, std::string, dns::Type)> ask_server;
};

/// Asks each name server of the zone, eight at most. When none can be reached from here the resolver's word
/// counts. `eyes` must outlive it.
Task<Sighting> look(const DnsEyes& eyes, Selector selector);

}  // namespace futar::mta
