// The Policy of 465, 587 and the local socket: mail of people who have proven who they are.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "common/directory/directory.h"
#include "common/event/event.h"
#include "common/net/gateways.h"
#include "common/net/tls_context.h"
#include "common/smtp_server/policy.h"
#include "common/store/low_water.h"
#include "msa/limits/limits.h"
#include "msa/login/login.h"
#include "msa/to_mta/to_mta.h"

namespace futar::msa {

struct SubmissionOptions {
  std::string host;
  uint64_t max_size = 50u << 20;
};

/// What all sessions share.
struct Submission {
  SubmissionOptions options;
  const Clock& clock;
  Login& login;
  Limits& limits;
  ToMta& to_mta;
  store::LowWater& low_water;
  std::shared_ptr<net::TlsContext> tls;
  std::function<const directory::Directory&()> directory;
  std::function<void(const MessageId&, const std::vector<event::Event>&)> told;  ///< log of what is done
  /// What led to a refusal, and it as the last: into the log and the table of refusals.
  std::function<void(std::vector<event::Event>, const MessageId&)> refused;
  net::HiddenClients& hidden;
  smtp_server::SessionCounts sessions = {};
};

/// 465 (TLS from the first octet) and 587 (STARTTLS): MAIL only after TLS and AUTH.
std::unique_ptr<smtp_server::Policy> submission_policy(Submission& submission);
/// The UNIX socket: the peer's user at the first local domain; root may use any local sender.
std::unique_ptr<smtp_server::Policy> local_policy(Submission& submission);

}  // namespace futar::msa
