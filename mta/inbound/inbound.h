// The Policy of port 25: mail for our domains, and for anywhere only from the networks that may relay.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/net/gateways.h"
#include "common/net/tls_context.h"
#include "common/smtp_server/policy.h"
#include "common/store/low_water.h"
#include "common/verdict/decision.h"
#include "mta/inbound/judging.h"
#include "mta/queue/queue.h"
#include "mta/reports/intake.h"
#include "mta/to_mda/mailbox_states.h"

namespace futar::mta {

struct InboundOptions {
  std::string host;
  uint64_t max_size = 50u << 20;
  std::vector<net::Network> relay_networks;
  verdict::DmarcMode dmarc = verdict::DmarcMode::follow;
  std::vector<std::string> arc_trusted;  ///< domains whose seals count
  std::vector<net::Network> trusted_forwarders;
};

/// What all sessions of port 25 share.
struct Inbound {
  InboundOptions options;
  Queue& queue;
  Queue::DirectoryNow directory;
  const MailboxStates& mailboxes;
  store::LowWater& low_water;
  std::shared_ptr<net::TlsContext> tls;
  /// What led to a refusal, and it as the last: into the log and the table of refusals.
  std::function<void(std::vector<event::Event>, const MessageId&)> refused;
  Judges* judges = nullptr;                          ///< null: there is no DNS to ask
  Intake* reports = nullptr;                         ///< null: reports are mail like any other
  net::HiddenClients hidden = net::HiddenClients();  ///< who must be trusted with nothing
  smtp_server::SessionCounts sessions = {};
  /// How often each of SPF, DKIM and DMARC came to what: {"spf", "pass"}.
  std::map<std::pair<std::string, std::string>, uint64_t> verdicts = {};

  bool may_relay(const net::IpAddress& client) const;
  /// Its mail is judged by whom its Received field names.
  bool is_forwarder(const net::IpAddress& client) const;
  /// Why the client's mail is not judged; "" when it is.
  std::string not_judged(const net::IpAddress& client) const;
};

std::unique_ptr<smtp_server::Policy> inbound_policy(Inbound& inbound);

}  // namespace futar::mta
