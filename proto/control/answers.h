// Parts of answers that all agents give in the same shape (interface.md: trace --json, status --json).
#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/event/event.h"
#include "common/spool/pairs.h"
#include "common/spool/refusals.h"
#include "common/spool/snapshot.h"
#include "common/spool/trace_query.h"
#include "proto/link/link.h"

namespace futar::proto {

nlohmann::json link_answer(const LinkState& state);
/// [{"t","agent","kind","text","cause","fields":{"recipient", ...}}], safe for a terminal
nlohmann::json event_answers(std::string_view agent, const std::vector<event::Event>& events);
/// [{"id","at_ms","at","client","helo","login","from","recipients":[],"reply","cause","events":[]}] of mail
/// that was refused before it became a message, the newest 100; the last of the events is the refusal.
Task<Result<nlohmann::json>> refused_answers(std::string agent, spool::Refusals& refusals,
                                             store::Reader& reader, spool::TraceQuery query);

/// The verb backup: {"act": "begin"} -> {"folder", "bodies"} of what lies ready, {"act": "end"} when it was
/// copied.
Task<Result<nlohmann::json>> backup_answer(spool::Snapshot& snapshot, store::Reader& reader, std::string act);

/// The verb pairs: {"blocks": [[block, count, "digest"]]}, or with {"block": n} {"pairs": [[number, "id"]]}.
using Pairs = std::function<Result<void>(store::Database&, spool::PairRange, const spool::PairSink&)>;
Task<Result<nlohmann::json>> pairs_answer(store::Reader& reader, Pairs pairs, nlohmann::json arguments);

/// {"what", "filters": {"from","to","client","message_id","last_ms"}, "ids": []} of the verb trace; each may
/// miss. With ids it is about these messages alone.
spool::TraceQuery trace_query(const nlohmann::json& arguments, int64_t now_ms);

}  // namespace futar::proto
