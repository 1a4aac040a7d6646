// The operator's verbs that prove the queue: audit, repair, pairs.
#pragma once
#include "mta/verbs.h"

namespace futar::mta {

/// {} -> the conservation equation's figures, "problems" as sentences, "taken_over" by instance of msa.
Task<Result<nlohmann::json>> audit_verb(Subjects subjects);
/// {"by"} -> {"done"}: what was safe to mend, each as a sentence; the rest is left for a person.
Task<Result<nlohmann::json>> repair_verb(Subjects subjects, nlohmann::json arguments);
/// {"of": "msa", "instance"}, {"of": "mda"}, or {"of": "recipients"}: what both ends of a link compare.
Task<Result<nlohmann::json>> pairs_verb(Subjects subjects, nlohmann::json arguments);
/// How many things audit finds wrong.
Task<Result<size_t>> count_problems(Subjects subjects);

}  // namespace futar::mta
