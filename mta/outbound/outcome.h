// The one judge of failures: what an observation at another server means for the mail. Pure.
#pragma once
#include <cstdint>
#include <string>

#include "common/smtp_client/observation.h"

namespace futar::mta {

enum class Verdict : uint8_t {
  relayed,    ///< the server has it
  next_host,  ///< this host takes no mail now: try the next one; when none is left, the destination waits
  later,      ///< the recipient waits
  failed,     ///< the recipient is returned
  again,      ///< nothing was said against it: its turn comes again, and nothing is counted
  held,       ///< ours is the fault: an operator must look
};

struct Circumstances {
  bool session_served =
      false;  ///< the session had taken a message before: an idle connection may just have ended
  bool others_accepted = false;  ///< RCPT: recipients before it in the same transaction were
};

struct Judgement {
  Verdict verdict = Verdict::later;
  std::string status;  ///< enhanced status code, the server's own if it gave one
  std::string reason;  ///< in words, for DSNs and the trace; the server's words stand beside it
};

Judgement judge(const smtp_client::Observation& observation, const Circumstances& circumstances);

/// The remote's words for a trace: "450 4.2.0 Greylisted", lines joined; "" when it said nothing.
std::string words(const smtp_client::Said& reply);

}  // namespace futar::mta
