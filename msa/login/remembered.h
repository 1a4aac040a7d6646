// Logins that were verified within the last ten minutes, so that a mail program that logs in for each message
// costs one PBKDF2 and not hundreds. Holds no password: only an HMAC of it under a key that dies with the
// process.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace futar::msa {

class Remembered {
 public:
  Remembered();
  bool knows(std::string_view account, std::string_view password, int64_t steady_ms) const;
  void add(std::string_view account, std::string_view password, int64_t steady_ms);
  void clear() { until_ms_.clear(); }  ///< passwords may have changed

 private:
  std::string tag(std::string_view account, std::string_view password) const;
  std::string key_;
  std::unordered_map<std::string, int64_t> until_ms_;
};

}  // namespace futar::msa
