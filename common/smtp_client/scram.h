// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS from the client's side (RFC 5802, 7677, 9266). Pure.
#pragma once
#include <string>
#include <string_view>

#include "common/smtp_client/mechanism.h"

namespace futar::smtp_client {

class Scram final : public Mechanism {
 public:
  /// `plus`: bind to the TLS channel. Without it, a binding that we could have used is told to the server,
  /// which then notices that somebody has taken -PLUS from its list (RFC 5802 §6).
  Scram(Login login, bool plus, std::string channel_binding, std::string nonce);

  std::string_view name() const override { return plus_ ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256"; }
  std::optional<std::string> initial() override;
  Result<std::string> answer(std::string_view challenge) override;
  bool is_complete() const override { return step_ == Step::proven; }

 private:
  enum class Step : unsigned char { begun, proof_sent, proven };

  Result<std::string> prove(std::string_view server_first);
  Result<std::string> check_server(std::string_view server_final);

  Login login_;
  bool plus_;
  std::string gs2_header_, binding_, nonce_;
  std::string first_bare_;
  std::string server_signature_;  ///< that we expect
  Step step_ = Step::begun;
};

}  // namespace futar::smtp_client
