// Who is it? AUTH PLAIN, LOGIN, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS against the published credentials.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/directory/credentials.h"
#include "common/net/loop.h"
#include "common/net/workers.h"
#include "common/smtp_server/policy.h"
#include "msa/login/made_keys.h"

namespace futar::store {
class Database;
}

namespace futar::msa {

struct LoginOptions {
  /// Secret that makes salts for unknown names; the same after a restart (see login_key), so that nobody sees
  /// from a salt that changed that a name is unknown.
  std::string key;
  /// Networks behind which many people stand, such as a webmail: throttled by account only. Loopback always
  /// is one.
  std::function<bool(const net::IpAddress&)> shared;
  /// Called when a first login with an imported hash has made SCRAM keys; stores them.
  std::function<void(MadeKeys)> keep = {};
};

/// The secret for LoginOptions::key, made once and kept in the database (table meta).
Result<std::string> login_key(store::Database& database);

/// One object for all sessions of msa; io thread.
class Login {
 public:
  Login(net::Loop& loop, net::Workers& workers, const Clock& clock, LoginOptions options);
  ~Login();
  /// The credentials in force. Call at start and on each `reopen`; what was remembered is forgotten.
  void set_credentials(std::shared_ptr<const directory::Credentials> credentials);
  /// What load_made_keys has found.
  void set_made_keys(std::vector<MadeKeys> known);

  /// What EHLO may offer this client under TLS; -PLUS only over TLS 1.3, which has tls-exporter.
  static std::vector<std::string> mechanisms(const smtp_server::Client& client);
  /// Runs the whole exchange. Unknown user, wrong password, suspended account and impossible mechanism are
  /// refused alike: 535 5.7.8, after the same work and the same wait; `cause` tells them apart for the log.
  Task<smtp_server::AuthResult> authenticate(const smtp_server::Client& client,
                                             smtp_server::AuthExchange& exchange);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::msa
