// A verdict as events: what a trace and the log say of it.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "common/event/event.h"
#include "common/verdict/decision.h"

namespace futar::mta {

/// `trusted`: mta.arc_trusted.
std::vector<event::Event> findings(const verdict::Verdict& verdict, const verdict::Decision& decision,
                                   std::span<const std::string> trusted, int64_t wall_ms);
std::vector<event::Event> not_judged(const std::string& why, int64_t wall_ms);

}  // namespace futar::mta
