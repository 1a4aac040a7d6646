#include "common/crypto/crypt.h"

#include <crypt.h>

#include <memory>

#include "common/crypto/digest.h"

namespace futar::crypto {

bool is_crypt_hash(std::string_view hash) {
  for (std::string_view method : {"$y$", "$gy$", "$7$", "$2b$", "$2y$", "$2a$", "$6$", "$5$"})
    if (hash.starts_with(method)) return hash.size() < CRYPT_OUTPUT_SIZE;
  return false;
}

bool crypt_matches(const std::string& password, const std::string& hash) {
  // crypt(3) sees a password only up to its first NUL.
  if (!is_crypt_hash(hash) || password.find('\0') != std::string::npos) return false;
  const auto data = std::make_unique<crypt_data>();
  const char* computed = crypt_r(password.c_str(), hash.c_str(), data.get());
  return computed && computed[0] != '*' && equal_constant_time(computed, hash);
}

}  // namespace futar::crypto
