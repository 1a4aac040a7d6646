#include "msa/login/verifier.h"

#include "common/base/text.h"
#include "common/crypto/crypt.h"
#include "common/crypto/digest.h"

namespace futar::msa {
namespace {

constexpr size_t salt_size = 16;
constexpr std::string_view crypt_scheme = "{CRYPT}";

crypto::ScramKeys unprovable_keys(const std::string& account, const std::string& key) {
  const std::string seed = crypto::hmac_sha256(key, account);
  return {crypto::scram_iterations, seed.substr(0, salt_size), crypto::hmac_sha256(seed, "stored"),
          crypto::hmac_sha256(seed, "server")};
}

}  // namespace

bool Verifier::matches(const std::string& password) const {
  return crypt_hash.empty() ? crypto::password_matches(keys, password)
                            : crypto::crypt_matches(password, crypt_hash);
}

Verifier find_verifier(const directory::Credentials* credentials, const std::string& account,
                       const std::string& key) {
  Verifier verifier{unprovable_keys(account, key), "", ""};
  const auto found = credentials ? credentials->find(account) : std::nullopt;
  if (!found) {
    verifier.obstacle = "unknown user";
    return verifier;
  }
  if (found->suspended) verifier.obstacle = "suspended";
  if (starts_with_nocase(found->verifier, crypt_scheme))
    verifier.crypt_hash = found->verifier.substr(crypt_scheme.size());
  else if (auto keys = crypto::ScramKeys::parse(found->verifier))
    verifier.keys = std::move(*keys);
  else
    verifier.obstacle = "damaged verifier";
  return verifier;
}

}  // namespace futar::msa
