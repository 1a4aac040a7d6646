// The operator's verbs that msa answers over its control socket.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "common/daemon/daemon.h"
#include "common/directory/directory.h"
#include "common/net/gateways.h"
#include "common/spool/refusals.h"
#include "common/store/writer.h"
#include "msa/to_mta/to_mta.h"
#include "proto/control/control.h"

namespace futar::msa {

/// What the verbs look at; all of it outlives the control server.
struct Subjects {
  daemon::Environment& environment;
  store::Reader& reader;        ///< of questions: whoever asks keeps no mail waiting
  store::Reader& audit_reader;  ///< it may read for seconds
  store::Writer& writer;
  spool::Refusals& refusals;
  ToMta& to_mta;
  std::function<size_t()> sessions;
  std::function<Task<Result<void>>()> reload;
  std::function<const directory::Directory&()> directory;
  const net::HiddenClients& hidden;
};

std::map<std::string, proto::Verb> control_verbs(Subjects subjects);
/// How many things `audit` finds wrong.
Task<Result<size_t>> count_problems(Subjects subjects);

}  // namespace futar::msa
