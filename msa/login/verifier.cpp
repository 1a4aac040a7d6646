#include "msa/login/verifier.h"

#include "common/crypto/digest.h"
#include "common/crypto/imported.h"

namespace futar::msa {
namespace {

constexpr size_t salt_size = 16;

crypto::ScramKeys unprovable_keys(const std::string& account, const std::string& key) {
  const std::string seed = crypto::hmac_sha256(key, account);
  return {crypto::scram_iterations, seed.substr(0, salt_size), crypto::hmac_sha256(seed, "stored"),
          crypto::hmac_sha256(seed, "server")};
}

}  // namespace

bool Verifier::matches(const std::string& password) const {
  return only_password ? crypto::imported_matches(password, imported)
                       : crypto::password_matches(keys, password);
}

Verifier find_verifier(const directory::Credentials* credentials, const KeyMemory& made,
                       const std::string& account, const std::string& key) {
  Verifier verifier;
  verifier.keys = unprovable_keys(account, key);
  const auto found = credentials ? credentials->find(account) : std::nullopt;
  if (!found) {
    verifier.obstacle = "unknown user";
    return verifier;
  }
  if (found->suspended) verifier.obstacle = "suspended";
  if (crypto::is_imported(found->verifier)) {
    verifier.imported = found->verifier;
    auto keys = made.find(account, found->verifier);
    verifier.only_password = !keys;
    if (keys) verifier.keys = std::move(*keys);
  } else if (auto keys = crypto::ScramKeys::parse(found->verifier)) {
    verifier.keys = std::move(*keys);
  } else {
    verifier.obstacle = "damaged verifier";
  }
  return verifier;
}

}  // namespace futar::msa
