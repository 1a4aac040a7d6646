#include "mta/outbound/failure.h"

#include <fmt/format.h>

namespace futar::mta {

using State = RemoteOutcome::State;

Failure::Failure(const Candidates& candidates) {
  outcome_.state = candidates.state == HostList::State::never ? State::failed : State::later;
  outcome_.reason = candidates.reason;
  outcome_.status = candidates.status.empty() ? "4.4.4" : candidates.status;
}

Failure::Failure(const Candidate& skipped) {
  outcome_.state = State::later;
  outcome_.reason = skipped.plan.why;
  outcome_.status = "4.7.5";
  outcome_.host = skipped.text();
}

Failure::Failure(const smtp_client::Observation& observation, const Candidate& candidate) {
  Judgement judgement = judge(observation, {});
  outcome_.state = State::later;
  outcome_.reason = std::move(judgement.reason);
  outcome_.status = std::move(judgement.status);
  outcome_.host = candidate.text();
  outcome_.words = words(observation.reply);
}

std::string describe(const std::optional<net::TlsInfo>& tls) {
  if (!tls) return "in clear";
  return fmt::format("{} {}", tls->version, tls->proven_by.empty() ? "not verified" : tls->proven_by);
}

}  // namespace futar::mta
