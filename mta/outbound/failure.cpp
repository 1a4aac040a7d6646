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
  // Who promised what: "DANE: 1 TLSA record of mx.remote.example; TLS failed: ...".
  if (judgement.status == "4.7.5" && !candidate.plan.clear_after_failure)
    outcome_.reason = fmt::format("{}; {}", candidate.plan.why, outcome_.reason);
  outcome_.status = std::move(judgement.status);
  outcome_.host = candidate.text();
  outcome_.words = words(observation.reply);
}

std::string describe(const std::optional<net::TlsInfo>& tls, const TlsPlan& plan) {
  return tls ? fmt::format("{}, {}", tls->version, plan.why) : "in clear";
}

}  // namespace futar::mta
