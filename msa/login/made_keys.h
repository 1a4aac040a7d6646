// SCRAM keys that a first login with an imported hash has made possible, since the password was seen then.
// They hold while the imported hash is the same: a new password by `futar user passwd` ends them.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"
#include "common/crypto/scram.h"

namespace futar::store {
class Database;
}
namespace futar::directory {
class Credentials;
}

namespace futar::msa {

struct MadeKeys {
  std::string account;
  std::string of;    ///< SHA-256 of the imported verifier, in hex
  std::string keys;  ///< ScramKeys::text()
};

/// Table made_keys of msa.db, made when it is missing. Keys whose imported hash is in force no longer go.
Result<std::vector<MadeKeys>> load_made_keys(store::Database& database,
                                             const directory::Credentials& credentials);
Result<void> store_made_keys(store::Database& database, const MadeKeys& made);
/// For `futar user remove --purge`.
Result<void> forget_made_keys(store::Database& database, const std::string& account);

/// What was loaded and what has been made since; for worker threads and the io thread.
class KeyMemory {
 public:
  void load(std::vector<MadeKeys> known);
  std::optional<crypto::ScramKeys> find(const std::string& account, std::string_view verifier) const;
  /// Remembers, and returns what is to be stored; none when the same stands there already.
  std::optional<MadeKeys> add(const std::string& account, std::string_view verifier,
                              const crypto::ScramKeys& keys);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, MadeKeys> known_;
};

}  // namespace futar::msa
