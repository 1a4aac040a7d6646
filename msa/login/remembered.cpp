#include "msa/login/remembered.h"

#include "common/crypto/digest.h"

namespace futar::msa {
namespace {
constexpr int64_t lifetime_ms = 10 * 60 * 1000;
constexpr size_t most_entries = 10'000;
}  // namespace

Remembered::Remembered() : key_(crypto::random_bytes(crypto::sha256_size)) {}

// The length keeps "a" + "bc" and "ab" + "c" apart.
std::string Remembered::tag(std::string_view account, std::string_view password) const {
  std::string octets = std::to_string(account.size()) + ":";
  octets.append(account).append(password);
  std::string made = crypto::hmac_sha256(key_, octets);
  crypto::wipe(octets);
  return made;
}

bool Remembered::knows(std::string_view account, std::string_view password, int64_t steady_ms) const {
  const auto found = until_ms_.find(tag(account, password));
  return found != until_ms_.end() && steady_ms < found->second;
}

void Remembered::add(std::string_view account, std::string_view password, int64_t steady_ms) {
  if (until_ms_.size() >= most_entries)
    std::erase_if(until_ms_, [&](const auto& entry) { return steady_ms >= entry.second; });
  if (until_ms_.size() < most_entries) until_ms_[tag(account, password)] = steady_ms + lifetime_ms;
}

}  // namespace futar::msa
