// The DNS of the judge verbs: that of --dns, else the config's, else the machine's; for 18 s in all.
#pragma once
#include <functional>
#include <string>

#include "common/base/async.h"
#include "common/dns/resolver.h"
#include "common/net/loop.h"
#include "deploy/futar/program.h"

namespace futar::deploy {

/// Runs `work` to its end. `server`: ADDRESS:PORT, asked and nobody else, without a cache and without DNSSEC;
/// "": as the agents of a config ask that is there, else by resolv.conf. What is not answered after 18 s has
/// failed, so that who waits for the verb has it within 20 s. Rethrows what `work` throws.
void with_dns(Program& program, const std::string& server,
              const std::function<Task<>(dns::Resolver&, net::Loop&)>& work);

}  // namespace futar::deploy
