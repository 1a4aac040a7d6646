// What follows from a verdict: the table mta.dmarc × outcome × policy (RFC 7489 §6.6, §6.7). Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/smtp/reply.h"
#include "common/verdict/verdict.h"

namespace futar::verdict {

/// mta.dmarc: do what the owner of From asks for, only say what he would, or ask nobody.
enum class DmarcMode : uint8_t { follow, mark, off };
std::optional<DmarcMode> dmarc_mode(std::string_view name);

enum class Action : uint8_t { accept, junk, refuse };

struct Decision {
  Action action = Action::accept;
  std::string reason;  ///< in words, for the trace
  smtp::Reply reply;   ///< of refuse
};

/// A trusted sealer (voucher.h) stands in for a DMARC that the way here has broken.
Decision decide(DmarcMode mode, const Verdict& verdict);

}  // namespace futar::verdict
