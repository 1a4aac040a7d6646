// Why a destination got no mail: what becomes of the recipients that are due there. Pure.
#pragma once
#include "mta/outbound/way.h"
#include "mta/queue/remote.h"

namespace futar::mta {

class Failure {
 public:
  explicit Failure(const Candidates& candidates);  ///< no host at all
  explicit Failure(const Candidate& skipped);      ///< a host that may not be used (DANE, MTA-STS)
  Failure(const smtp_client::Observation& observation, const Candidate& candidate);

  /// For each recipient, without its row.
  const RemoteOutcome& outcome() const { return outcome_; }

 private:
  RemoteOutcome outcome_;
};

/// How the connection was secured, and why it was trusted: "TLSv1.3, DANE: 1 TLSA record of
/// mx.remote.example", "TLSv1.3, not verified", "in clear".
std::string describe(const std::optional<net::TlsInfo>& tls, const TlsPlan& plan);

}  // namespace futar::mta
