#include "common/dmarc/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/dmarc/organisation.h"

namespace futar::dmarc {
namespace {

using State = Identifier::State;

bool is_aligned(const std::string& author, const Identifier& identifier, const Record& record) {
  const auto alignment = identifier.mechanism == Identifier::Mechanism::spf ? record.spf : record.dkim;
  const std::string domain = canonical_domain(identifier.domain);
  if (domain.empty()) return false;
  return alignment == Alignment::strict ? domain == author
                                        : organisational_domain(domain) == organisational_domain(author);
}

// The first identifier in that state which is aligned by the record's rules; null if none is.
const Identifier* aligned(const Discovery& discovery, std::span<const Identifier> identifiers, State state) {
  const auto found = std::ranges::find_if(identifiers, [&](const Identifier& identifier) {
    return identifier.state == state && is_aligned(discovery.author, identifier, discovery.record);
  });
  return found == identifiers.end() ? nullptr : &*found;
}

std::string words(const Identifier& identifier) {
  return fmt::format("{} of {}", identifier.mechanism == Identifier::Mechanism::spf ? "SPF" : "DKIM",
                     printable(identifier.domain, 255));
}

// What is left of a policy that pct spares the message (RFC 7489 §6.6.4).
Policy spared(Policy policy) { return policy == Policy::reject ? Policy::quarantine : Policy::none; }

void evaluate_found(Evaluation& evaluation, const Discovery& discovery,
                    std::span<const Identifier> identifiers, int dice) {
  const Policy policy = discovery.policy();
  evaluation.published = policy;
  if (const Identifier* proof = aligned(discovery, identifiers, State::pass)) {
    evaluation.outcome = Outcome::pass;
    evaluation.reason = fmt::format("From says {}, proven by {}", discovery.author, words(*proof));
    return;
  }
  if (const Identifier* hope = aligned(discovery, identifiers, State::later)) {
    evaluation.outcome = Outcome::temperror;
    evaluation.reason =
        fmt::format("From says {}, not proven yet: {} cannot be checked now", discovery.author, words(*hope));
    return;
  }
  evaluation.outcome = Outcome::fail;
  evaluation.sampled_out = policy != Policy::none && dice >= discovery.record.percent;
  evaluation.applies = evaluation.sampled_out ? spared(policy) : policy;
  evaluation.reason = fmt::format(
      "From says {}, which asks for {}={}{}", discovery.author,
      discovery.at == discovery.author || !discovery.record.subdomain_policy ? "p" : "sp", name(policy),
      evaluation.sampled_out ? fmt::format(" on {} % of such mail, not on this", discovery.record.percent)
                             : "");
}

// Of several authors the one that decides: by what follows, then by outcome. Waiting for the answer comes
// before a failure without consequence, else a second author would take the first one's protection away.
auto severity(const Evaluation& evaluation) {
  return std::tuple(evaluation.applies, evaluation.must_wait(), evaluation.outcome);
}

}  // namespace

Policy Discovery::policy() const {
  return at == author ? record.policy : record.subdomain_policy.value_or(record.policy);
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "pass";
    case Outcome::none:
      return "none";
    case Outcome::permerror:
      return "permerror";
    case Outcome::temperror:
      return "temperror";
    case Outcome::fail:
      return "fail";
  }
  return "";
}

bool Evaluation::must_wait() const {
  return outcome == Outcome::temperror && !proven && published != Policy::none;
}

Evaluation evaluate(const Discovery& discovery, std::span<const Identifier> identifiers, int dice) {
  Evaluation evaluation;
  evaluation.from = discovery.author;
  evaluation.proven = std::ranges::any_of(identifiers, [&](const Identifier& identifier) {
    return identifier.state == State::pass && canonical_domain(identifier.domain) == discovery.author;
  });
  switch (discovery.state) {
    case Discovery::State::found:
      evaluate_found(evaluation, discovery, identifiers, dice);
      break;
    case Discovery::State::none:
      evaluation.reason = discovery.author + " publishes no DMARC policy";
      break;
    case Discovery::State::later:
      evaluation.outcome = Outcome::temperror;
      evaluation.reason = fmt::format("From says {}, whose policy cannot be asked for now: {}",
                                      discovery.author, discovery.why);
      break;
    case Discovery::State::broken:
      evaluation.outcome = Outcome::permerror;
      evaluation.reason =
          fmt::format("From says {}, whose policy is unusable: {}", discovery.author, discovery.why);
      break;
  }
  return evaluation;
}

Evaluation combine(const Authors& authors, std::vector<Evaluation> evaluations) {
  Evaluation worst;
  worst.reason = "From names no domain";
  if (!evaluations.empty()) worst = *std::ranges::max_element(evaluations, {}, severity);
  if (authors.hidden && worst.applies < Policy::quarantine) {
    worst.outcome = Outcome::fail;
    worst.applies = Policy::quarantine;
    worst.sampled_out = false;
    worst.reason = authors.ambiguity + ": whom it names cannot be proven";
  } else if (!authors.ambiguity.empty() && worst.outcome == Outcome::pass) {
    worst.outcome = Outcome::none;
    worst.reason = authors.ambiguity + ": nothing is proven";
  }
  return worst;
}

}  // namespace futar::dmarc
