#include "common/verdict/verdict.h"

namespace futar::verdict {
namespace {

using State = dmarc::Identifier::State;
using Mechanism = dmarc::Identifier::Mechanism;

template <class Outcome>
State state_of(Outcome outcome) {
  if (outcome == Outcome::pass) return State::pass;
  return outcome == Outcome::temperror ? State::later : State::unproven;
}

}  // namespace

std::vector<dmarc::Identifier> identifiers(const Verdict& verdict) {
  std::vector<dmarc::Identifier> found;
  if (verdict.mail_from)
    found.push_back({Mechanism::spf, state_of(verdict.mail_from->outcome), verdict.mail_from->domain});
  if (verdict.dkim)
    for (const dkim::Verdict& signature : *verdict.dkim)
      found.push_back({Mechanism::dkim, state_of(signature.result), signature.domain});
  return found;
}

}  // namespace futar::verdict
