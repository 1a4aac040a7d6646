// The operator's verbs that mta answers over its control socket.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "common/daemon/daemon.h"
#include "common/net/gateways.h"
#include "common/spf/engines.h"
#include "common/spool/refusals.h"
#include "mta/outbound/outbound.h"
#include "mta/queue/queue.h"
#include "mta/to_mda/to_mda.h"
#include "proto/control/control.h"
#include "proto/link/link.h"

namespace futar::mta {

/// What the verbs look at; all of it outlives the control server.
struct Subjects {
  daemon::Environment& environment;
  Queue& queue;
  store::Reader& reader;        ///< of questions: whoever asks keeps no mail waiting
  store::Reader& audit_reader;  ///< it may read for seconds
  store::Writer& writer;
  proto::SubmissionReceiver& from_msa;
  ToMda& to_mda;
  std::function<size_t()> sessions;
  std::function<Task<Result<void>>()> reload;
  Queue::DirectoryNow directory;
  const Outbound& outbound;
  Way& way;
  const dns::Resolver& resolver;
  Keyring& keyring;
  spool::Refusals& refusals;
  const spf::Engines& spf;
  const Egress* egress;  ///< null: our own mail is not looked at
  const net::HiddenClients& hidden;
};

std::map<std::string, proto::Verb> control_verbs(Subjects subjects);

}  // namespace futar::mta
