// The config as the values that mta's parts take.
#pragma once
#include <memory>

#include "common/config/config.h"
#include "common/dns/unbound.h"
#include "common/net/loop.h"
#include "mta/inbound/inbound.h"
#include "mta/outbound/outbound.h"
#include "mta/outbound/policies.h"
#include "mta/outbound/way.h"
#include "mta/queue/queue.h"
#include "mta/srs/srs.h"

namespace futar::mta::settings {

Result<QueueOptions> queue(const config::Config& config, std::shared_ptr<const srs::Keys> keys);
dns::UnboundOptions dns(const config::Config& config);
/// x= of our signatures: as long as mail may be held, and then be tried.
int64_t signature_lifetime_s(const config::Config& config);
Result<PolicyOptions> policies(const config::Config& config);
Result<WayOptions> way(const config::Config& config);
Result<OutboundOptions> outbound(const config::Config& config, std::shared_ptr<const srs::Keys> keys,
                                 Queue::DirectoryNow directory);
/// Off where nothing is asked. Who is ours, and the keys, are the caller's.
EgressOptions egress(const config::Config& config);
Result<InboundOptions> inbound(const config::Config& config);
/// tls.trusted, or the authorities of the system;
/// "" if Debian's own is not there: then nobody is trusted by an authority.
std::string trusted_file(const config::Config& config);

}  // namespace futar::mta::settings
