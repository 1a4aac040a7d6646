// How long a login attempt has to wait. Guessing gets slow; the owner never gets locked out. Pure but for its
// memory.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/net/address.h"

namespace futar::msa {

/// Counts failures of three kinds: of a client at an account, of a client at all accounts, and of an account
/// from all clients. A client is its network: /24 or /64. Counts fade by one in ten minutes.
///
/// - The first two slow down one client: its attempts stand in a line, each as far behind the last as its
/// failures
///   demand, up to 30 s; who would wait longer is sent away (`nullopt`).
/// - The third meets guessing from many places. It only delays, up to 10 s, and never sends away: an owner
/// who comes from
///   a new place while others guess gets in.
/// - A client that has logged in to the account before is known there: it waits at most 3 s, whatever others
/// do.
class Throttle {
 public:
  /// `shared`: whether a client stands for many people (a webmail); then only its account counts. Loopback
  /// always does.
  explicit Throttle(std::function<bool(const net::IpAddress&)> shared = nullptr)
      : shared_(std::move(shared)) {}

  /// The wait before this attempt is judged; nullopt: too many are waiting, say 454.
  std::optional<int64_t> wait_ms(const net::IpAddress& client, const std::string& account, int64_t steady_ms);
  void failed(const net::IpAddress& client, const std::string& account, int64_t steady_ms);
  void succeeded(const net::IpAddress& client, const std::string& account, int64_t steady_ms);

 private:
  struct Count {
    double failures = 0;
    int64_t at_ms = 0;          ///< when `failures` was right
    int64_t busy_until_ms = 0;  ///< end of the line of waiting attempts
  };
  using Counts = std::unordered_map<std::string, Count>;

  bool is_shared(const net::IpAddress& client) const {
    return client.is_loopback() || (shared_ && shared_(client));
  }
  static Count& current(Counts& counts, const std::string& key, int64_t steady_ms);

  std::function<bool(const net::IpAddress&)> shared_;
  Counts pairs_, clients_, accounts_;
  std::unordered_map<std::string, int64_t> known_;  ///< pair -> last success
};

}  // namespace futar::msa
