#include "mda/from_mta/room.h"

#include <algorithm>

namespace futar::mda {
namespace {

uint64_t used(const Usage& usage) { return usage.octets > 0 ? static_cast<uint64_t>(usage.octets) : 0; }

}  // namespace

Fit fits(uint64_t quota, const Usage& usage, uint64_t octets) {
  if (quota == 0) return Fit::yes;
  if (octets > quota) return Fit::never;
  return used(usage) <= quota - octets ? Fit::yes : Fit::no;
}

bool is_full(uint64_t quota, const Usage& usage) {
  constexpr uint64_t ordinary = 64 * 1024;
  return fits(quota, usage, std::min(ordinary, quota / 16)) != Fit::yes ||
         (quota != 0 && used(usage) >= quota);
}

void FullMailboxes::set(const std::string& account, bool full) {
  const bool changed = full ? accounts_.insert(account).second : accounts_.erase(account) != 0;
  if (changed) changed_(account, full);
}

proto::MailboxState FullMailboxes::all() const {
  proto::MailboxState state{.complete = true, .items = {}};
  for (const auto& account : accounts_) state.items.push_back({account, true});
  return state;
}

}  // namespace futar::mda
