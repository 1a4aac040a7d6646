// What follows from a verdict: each giver says what to do with the message, and the strictest wins. DMARC's
// is the table mta.dmarc × outcome × policy (RFC 7489 §6.6, §6.7). Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/smtp/reply.h"
#include "common/verdict/verdict.h"

namespace futar::verdict {

/// mta.dmarc: do what the owner of From asks for, only say what he would, or ask nobody.
enum class DmarcMode : uint8_t { follow, mark, off };
std::optional<DmarcMode> dmarc_mode(std::string_view name);

/// What to do at the dot, in the order of strictness. `later` is 451: the client asks again, when more is
/// known. It goes before `junk`, which cannot be taken back, and behind `refuse`, which no answer changes.
enum class Action : uint8_t { accept, junk, later, refuse };

struct Decision {
  Action action = Action::accept;
  std::string reason = {};  ///< in words, for the trace
  std::string rule = {};    ///< of later and refuse: what asks for it, "mta.dmarc = \"follow\""
  smtp::Reply reply = {};   ///< of later and refuse
};

/// The giver that knows SPF, DKIM, DMARC and ARC. A trusted sealer (voucher.h) stands in for a DMARC that the
/// way here has broken; where DMARC refuses and it is not known yet whether one does: later.
Decision decide(DmarcMode mode, const Verdict& verdict);

/// The hook at the dot: every giver's decision in, the strictest out; of equals the first. Accept, if nobody
/// says anything.
Decision strictest(std::span<const Decision> decisions);

}  // namespace futar::verdict
