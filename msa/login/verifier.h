// From a name to what can be proven about it. Blocking: runs on worker threads.
#pragma once
#include <string>

#include "common/crypto/scram.h"
#include "common/directory/credentials.h"
#include "msa/login/made_keys.h"

namespace futar::msa {

/// What is stored for an account. Made also for names that nobody has, so that these cost the same work and
/// look the same.
struct Verifier {
  crypto::ScramKeys keys;      ///< keys that nobody can prove when there are none
  std::string imported;        ///< what another server kept
  bool only_password = false;  ///< there is `imported` alone, and no login yet has made keys from it
  std::string
      obstacle;  ///< why the login cannot succeed, for the log: "unknown user", "suspended"; "" if it can

  bool matches(const std::string& password) const;  ///< one PBKDF2 or crypt
};

/// `key` makes the salt of unknown names: the same for a name each time. `made` knows the keys of imported
/// hashes.
Verifier find_verifier(const directory::Credentials* credentials, const KeyMemory& made,
                       const std::string& account, const std::string& key);

}  // namespace futar::msa
