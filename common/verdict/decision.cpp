#include "common/verdict/decision.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/smtp/replies.h"

namespace futar::verdict {
namespace {

// What the owner of From asks for when it fails. What could not be found out (temperror) is no failure: a
// resolver that is ill must not hold up all mail.
Action wanted(const dmarc::Evaluation& dmarc) {
  if (dmarc.applies == dmarc::Policy::reject) return Action::refuse;
  return dmarc.applies == dmarc::Policy::quarantine ? Action::junk : Action::accept;
}

}  // namespace

std::optional<DmarcMode> dmarc_mode(std::string_view name) {
  if (name == "follow") return DmarcMode::follow;
  if (name == "mark") return DmarcMode::mark;
  if (name == "off") return DmarcMode::off;
  return std::nullopt;
}

Decision decide(DmarcMode mode, const Verdict& verdict) {
  if (mode == DmarcMode::off) return {Action::accept, "mta.dmarc = \"off\"", {}};
  if (!verdict.dmarc) return {Action::accept, "DMARC was not looked at", {}};
  const dmarc::Evaluation& dmarc = *verdict.dmarc;
  Decision decision{Action::accept, fmt::format("DMARC {}: {}", name(dmarc.outcome), dmarc.reason), {}};
  const Action action = wanted(dmarc);
  if (action == Action::accept) return decision;
  if (mode == DmarcMode::mark) {
    decision.reason += "; only marked, by mta.dmarc = \"mark\"";
    return decision;
  }
  if (!verdict.untraced.empty()) {
    decision.reason += "; taken, as it " + verdict.untraced;
    return decision;
  }
  if (verdict.is_vouched()) {
    decision.reason += fmt::format("; {}, which is trusted, found it proven (ARC)", verdict.voucher);
    return decision;
  }
  decision.action = action;
  if (action != Action::refuse) return decision;
  decision.rule = "mta.dmarc = \"follow\"";
  decision.reply = smtp::replies::author_not_proven(dmarc.from);
  if (verdict.voucher.empty()) return decision;
  decision.action = Action::later;
  decision.reason += fmt::format("; whether {}, which is trusted, found it proven is not known yet (ARC: {})",
                                 verdict.voucher, verdict.arc->reason);
  decision.reply = smtp::replies::try_later("the seal of " + verdict.voucher + " cannot be checked now");
  return decision;
}

Decision strictest(std::span<const Decision> decisions) {
  const auto found = std::ranges::max_element(decisions, {}, &Decision::action);
  return found == decisions.end() ? Decision{} : *found;
}

}  // namespace futar::verdict
