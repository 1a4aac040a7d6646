// The figures of mda, for GET /metrics.
#pragma once
#include <string>

#include "common/base/async.h"
#include "common/base/result.h"
#include "mda/verbs.h"

namespace futar::mda {

Task<Result<std::string>> metrics(Subjects subjects);

}  // namespace futar::mda
