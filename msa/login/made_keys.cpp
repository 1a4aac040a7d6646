#include "msa/login/made_keys.h"

#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::msa {

void KeyMemory::load(std::vector<MadeKeys> known) {
  const std::lock_guard lock(mutex_);
  known_.clear();
  for (MadeKeys& one : known) {
    std::string account = one.account;
    known_.emplace(std::move(account), std::move(one));
  }
}

std::optional<crypto::ScramKeys> KeyMemory::find(const std::string& account,
                                                 std::string_view verifier) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(account);
  if (found == known_.end() || found->second.of != hex(crypto::sha256(verifier))) return std::nullopt;
  auto keys = crypto::ScramKeys::parse(found->second.keys);
  if (!keys) return std::nullopt;
  return std::move(*keys);
}

std::optional<MadeKeys> KeyMemory::add(const std::string& account, std::string_view verifier,
                                       const crypto::ScramKeys& keys) {
  MadeKeys made{account, hex(crypto::sha256(verifier)), keys.text()};
  const std::lock_guard lock(mutex_);
  MadeKeys& known = known_[account];
  if (known.of == made.of) return std::nullopt;  // two first logins at once: one salt is enough
  known = made;
  return made;
}

}  // namespace futar::msa
