// Authentication-Results (RFC 8601), ours: a verdict as text that nothing a peer said can end or add to.
#pragma once
#include <string>
#include <string_view>

#include "common/verdict/verdict.h"

namespace futar::verdict {

/// "mail.example.org; spf=pass smtp.mailfrom=alice@example.org; dkim=none; ...", folded, without a last line
/// end: the value of Authentication-Results, and behind "i=1;" that of ARC-Authentication-Results (RFC 8617
/// §4.1.1). ASCII alone; what is longer than 255 octets is cut.
std::string results_text(std::string_view authserv_id, const Verdict& verdict);

/// Takes every Authentication-Results of our name out of the header (RFC 8601 §5) and puts ours on top.
/// Returns how many forged ones went. A header that begins with a fold gets a field name for it, "X-Unnamed":
/// else it would go on where ours ends.
size_t stamp(std::string& header, std::string_view authserv_id, const Verdict& verdict);

}  // namespace futar::verdict
