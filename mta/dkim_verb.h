// `futar dkim`: what mta answers.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "mta/verbs.h"

namespace futar::mta {

/// "act": list (of "domain" or all, with "check" after a look into the DNS), add and rotate ("domain"),
/// retire ("domain", "selector", "force"). Each answers as list does.
Task<Result<nlohmann::json>> dkim_verb(Subjects subjects, nlohmann::json arguments);

}  // namespace futar::mta
