#include "common/directory/dovecot.h"

#include <fmt/format.h>

namespace futar::directory {

std::string dovecot_passwd(const Records& records, uint64_t default_quota) {
  std::string out = fmt::format("# generation {}\n", records.generation);
  for (const auto& [address, account] : records.accounts) {
    if (account.suspended || account.verifier.empty()) continue;
    const uint64_t quota = account.quota ? account.quota : default_quota;
    out += fmt::format("{}:{}::::::{}\n", address, account.verifier,
                       quota ? fmt::format("userdb_quota_rule=*:bytes={}", quota) : "");
  }
  return out;
}

}  // namespace futar::directory
