// Who may stand in for a DMARC that the way here has broken (RFC 8617 §7.2.1). Pure.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/arc/verifier.h"
#include "common/message/header.h"

namespace futar::verdict {

/// The sealer, out of those in mta.arc_trusted, that found `from` proven by DMARC when the message came to
/// it; "" when there is none. The chain must pass, and whoever sealed later must be trusted as well: they
/// could have changed the message. Of a chain whose keys the DNS did not give (`temporary`): who would be it.
std::string voucher(std::span<const message::Field> fields, const arc::Verdict& chain, std::string_view from,
                    std::span<const std::string> trusted);

/// Whether the value of an ARC-Authentication-Results (RFC 8617 §4.1.1) says dmarc=pass for that domain in
/// From.
bool says_dmarc_pass(std::string_view results, std::string_view from);

}  // namespace futar::verdict
