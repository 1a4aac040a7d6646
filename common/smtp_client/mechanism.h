// The client's side of SASL mechanisms (RFC 4422): messages in and out, without base64 and SMTP. Pure.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::smtp_client {

struct Login {
  std::string user, secret;
  bool oauth = false;  ///< XOAUTH2: the secret is an access token
};

/// One exchange.
class Mechanism {
 public:
  virtual ~Mechanism() = default;
  virtual std::string_view name() const = 0;
  /// What the client says unasked; none: the server begins.
  virtual std::optional<std::string> initial() = 0;
  /// An error ends the exchange: the server asks for what we do not give, or does not know what it should
  /// know. SCRAM takes tens of milliseconds here.
  virtual Result<std::string> answer(std::string_view challenge) = 0;
  /// May the server's success be believed? False until SCRAM has seen the server's signature.
  virtual bool is_complete() const { return true; }
};

/// The best that the server offers: SCRAM-SHA-256-PLUS (needs the channel binding of RFC 9266),
/// SCRAM-SHA-256, PLAIN, LOGIN; XOAUTH2 and nothing else for a token. Null when none is ours. A refused login
/// is not tried again by a weaker mechanism: that would hand the password to whoever only claims to check it.
std::unique_ptr<Mechanism> choose_mechanism(const std::vector<std::string>& offered, Login login,
                                            std::string channel_binding);

}  // namespace futar::smtp_client
