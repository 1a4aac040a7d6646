// The table of kinds: how each is called and what it says in a trace.
#pragma once
#include <cstdint>
#include <string_view>

#include "common/event/event.h"

namespace futar::event {

bool is_kind(uint64_t number);
bool is_field(uint64_t number);

/// The kind's words: {field} is the field's value; of [one|another] the first stands whose fields are all
/// there, or nothing.
std::string_view pattern(Kind kind);

}  // namespace futar::event
