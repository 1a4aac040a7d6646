// From a name to what can be proven about it. Blocking: runs on worker threads.
#pragma once
#include <string>

#include "common/crypto/scram.h"
#include "common/directory/credentials.h"

namespace futar::msa {

/// What is stored for an account. Made also for names that nobody has, so that these cost the same work and
/// look the same.
struct Verifier {
  crypto::ScramKeys keys;  ///< keys that nobody can prove when there are none
  std::string crypt_hash;  ///< imported; then only a password can be checked
  std::string
      obstacle;  ///< why the login cannot succeed, for the log: "unknown user", "suspended"; "" if it can

  bool matches(const std::string& password) const;  ///< one PBKDF2 or crypt
};

/// `key` makes the salt of unknown names: the same for a name each time.
Verifier find_verifier(const directory::Credentials* credentials, const std::string& account,
                       const std::string& key);

}  // namespace futar::msa
