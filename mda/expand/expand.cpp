#include "mda/expand/expand.h"

#include <algorithm>

#include "common/base/text.h"

namespace futar::mda {
namespace {

bool contains(const std::vector<std::string>& addresses, std::string_view address) {
  return std::ranges::any_of(addresses, [&](const auto& other) { return equal_nocase(other, address); });
}

Destination to_mailbox(const directory::Account& account, const smtp::Address& address) {
  // RCPT refuses for a suspended account; what was queued before must wait for its return, not bounce.
  if (account.suspended)
    return NotHere{false, "4.2.1", "the mailbox of " + account.address + " is suspended"};
  return ToMailbox{account, is_always_heard(address)};
}

Destination to_targets(const directory::Alias& alias, const smtp::Address& address, const Descent& descent) {
  if (contains(descent.ancestry, alias.address) || contains(descent.ancestry, address.text()))
    return NotHere{true, "5.4.6", "alias loop: " + alias.address + " leads back to itself"};
  if (descent.depth >= max_depth)
    return NotHere{true, "5.4.6", "aliases nested deeper than " + std::to_string(max_depth)};
  ToTargets to;
  for (const auto& target : alias.targets)
    if (!contains(to.targets, target)) to.targets.push_back(target);
  if (to.targets.empty()) return NotHere{true, "5.1.1", "the alias " + alias.address + " has no target"};
  return to;
}

}  // namespace

bool is_always_heard(const smtp::Address& address) {
  for (std::string_view name : {"postmaster", "abuse", "mailer-daemon"})
    if (equal_nocase(address.local, name)) return true;
  return false;
}

Destination expand(const directory::Resolution& resolution, const smtp::Address& address,
                   const Descent& descent) {
  if (const auto* account = std::get_if<directory::Account>(&resolution))
    return to_mailbox(*account, address);
  if (const auto* rest = std::get_if<directory::CatchAll>(&resolution))
    return to_mailbox(rest->account, address);
  if (const auto* alias = std::get_if<directory::Alias>(&resolution))
    return to_targets(*alias, address, descent);
  if (std::holds_alternative<directory::Unknown>(resolution))
    return NotHere{true, "5.1.1", "no mailbox " + address.text() + " here"};
  return NotHere{true, "5.1.2", address.domain + " is not a domain of this system"};
}

}  // namespace futar::mda
