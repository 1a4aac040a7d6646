// Password verifiers: credentials.db, readable by msa alone.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"

namespace futar::directory {

/// A verifier as published: Dovecot's {SCRAM-SHA-256}iterations,salt,StoredKey,ServerKey (base64), or an
/// imported {CRYPT} hash that only PLAIN and LOGIN can use.
struct Credential {
  std::string account;
  std::string verifier;
  bool suspended = false;
};

class Credentials {
 public:
  static Result<std::unique_ptr<Credentials>> open(const std::string& published_folder);
  ~Credentials();
  std::optional<Credential> find(std::string_view account) const;

 private:
  Credentials();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::directory
