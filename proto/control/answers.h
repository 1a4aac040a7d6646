// Parts of answers that all agents give in the same shape (interface.md: trace --json, status --json).
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/event/event.h"
#include "common/spool/refusals.h"
#include "common/spool/trace_query.h"
#include "proto/link/link.h"

namespace futar::proto {

nlohmann::json link_answer(const LinkState& state);
/// [{"t","agent","kind","text","cause"}]
nlohmann::json event_answers(std::string_view agent, const std::vector<event::Event>& events);
/// [{"id","at_ms","at","client","helo","login","from","recipients":[],"reply","cause","events":[]}] of mail
/// that was refused before it became a message, the newest 100; the last of the events is the refusal.
Task<Result<nlohmann::json>> refused_answers(std::string agent, spool::Refusals& refusals,
                                             store::Reader& reader, spool::TraceQuery query);

/// {"what", "filters": {"from","to","client","message_id","last_ms"}} of the verb trace; each may miss.
spool::TraceQuery trace_query(const nlohmann::json& arguments, int64_t now_ms);

}  // namespace futar::proto
