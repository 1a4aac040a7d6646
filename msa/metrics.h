// The figures of msa, for GET /metrics.
#pragma once
#include <functional>
#include <string>

#include "common/daemon/self_audit.h"
#include "msa/session/submission.h"
#include "msa/verbs.h"

namespace futar::msa {

struct Measured {
  Subjects subjects;
  const Submission& submission;
  const daemon::SelfAudit& audit;
  std::function<std::pair<uint64_t, uint64_t>()> connections;  ///< accepted, turned away at the limits
};

Task<Result<std::string>> metrics(Measured measured);

}  // namespace futar::msa
