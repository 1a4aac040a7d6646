// The figures of mta, for GET /metrics.
#pragma once
#include <functional>
#include <string>

#include "common/daemon/self_audit.h"
#include "mta/inbound/inbound.h"
#include "mta/verbs.h"

namespace futar::mta {

struct Measured {
  Subjects subjects;
  const Inbound& inbound;
  const daemon::SelfAudit& audit;
  std::function<std::pair<uint64_t, uint64_t>()> connections;  ///< accepted, turned away at the limits
};

Task<Result<std::string>> metrics(Measured measured);

}  // namespace futar::mta
