#include "common/spf/spf.h"

namespace futar::spf {

std::string_view name(Outcome outcome) {
  constexpr std::string_view names[] = {"none",     "neutral",   "pass",     "fail",
                                        "softfail", "temperror", "permerror"};
  return names[static_cast<size_t>(outcome)];
}

smtp::Address Request::judged() const {
  if (identity == Identity::helo || sender.is_null()) return {"postmaster", helo};
  return {sender.local.empty() ? "postmaster" : sender.local, sender.domain};  // §4.3
}

}  // namespace futar::spf
