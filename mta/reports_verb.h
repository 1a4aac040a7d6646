// The operator's verb reports: what others have told of our domains, and how our own TLS sessions ended.
#pragma once
#include "mta/verbs.h"

namespace futar::mta {

/// {"kind": "dmarc" | "tls", "domain", "last_ms"} -> {"reports", "more"}, and of TLS "sent".
Task<Result<nlohmann::json>> reports_verb(Subjects subjects, nlohmann::json arguments);

}  // namespace futar::mta
