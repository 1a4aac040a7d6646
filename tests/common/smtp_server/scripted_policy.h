// A Policy whose answers depend on the words in the addresses, and which remembers what it was asked.
#pragma once
#include <string>
#include <vector>

#include "common/net/tls_context.h"
#include "common/smtp/replies.h"
#include "common/smtp_server/policy.h"

namespace futar::smtp_server {

struct Script {
  struct Accepted {
    MessageId id;
    std::string protocol;
    message::Envelope envelope;
    std::string header;
    spool::Body body;
  };
  Capabilities capabilities;
  std::shared_ptr<net::TlsContext> tls;
  bool refuse_connection = false;
  // What happened.
  std::vector<Accepted> accepted;
  std::vector<std::string> refused;  ///< "RCPT 550 5.1.1 No such user here"
  std::vector<MessageId> refused_ids;
  std::vector<message::Envelope> refused_envelopes;
  size_t ended = 0;
};

/// refused@... may not send; unknown@, full@ and later@... do not receive; a message to nospace@... fails at
/// the dot. The one login is alice with the password secret, by PLAIN (RFC 4616) or LOGIN.
class ScriptedPolicy final : public Policy {
 public:
  explicit ScriptedPolicy(Script& script) : script_(script) {}

  std::string host() const override { return "mx.example.org"; }
  Capabilities capabilities(const Client&) const override { return script_.capabilities; }
  net::TlsContext* tls() const override { return script_.tls.get(); }

  Task<Decision> connected(const Client&) override {
    if (script_.refuse_connection)
      co_return Decision::refuse(smtp::replies::too_many_connections(), "scripted");
    co_return Decision::go_on();
  }

  Task<AuthResult> authenticate(const Client&, AuthExchange& exchange) override {
    using namespace std::string_literals;
    std::string said;
    if (exchange.mechanism() == "PLAIN") {
      auto response = exchange.initial();
      if (!response) response = co_await exchange.challenge("");
      if (!response) co_return AuthResult{};
      said = *response;
    } else {
      auto user = exchange.initial();
      if (!user) user = co_await exchange.challenge("Username:");
      if (!user) co_return AuthResult{};
      const auto password = co_await exchange.challenge("Password:");
      if (!password) co_return AuthResult{};
      said = "\0"s + *user + "\0"s + *password;
    }
    if (said != "\0alice\0secret"s) co_return AuthResult{"", smtp::replies::auth_failed(), "wrong"};
    co_return AuthResult{"alice", std::nullopt, ""};
  }

  Task<Decision> sender(const Client&, const MessageId&, const smtp::Mail& mail) override {
    if (mail.reverse_path.local == "refused")
      co_return Decision::refuse(smtp::replies::sender_not_owned(), "scripted");
    co_return Decision::go_on();
  }

  Task<Decision> recipient(const Client&, const MessageId&, const message::Envelope&,
                           const smtp::Rcpt& rcpt) override {
    const std::string& local = rcpt.forward_path.local;
    if (local == "unknown") co_return Decision::refuse(smtp::replies::mailbox_unknown(), "scripted");
    if (local == "full") co_return Decision::refuse(smtp::replies::mailbox_full(), "scripted");
    if (local == "later") co_return Decision::refuse(smtp::replies::try_later("Greylisted"), "scripted");
    co_return Decision::go_on();
  }

  Task<Decision> accept(const Client& client, Transaction& transaction) override {
    for (const auto& recipient : transaction.envelope.recipients) {
      if (recipient.address.local == "bug") throw std::runtime_error("a bug of the policy");
      if (recipient.address.local == "nospace")
        co_return Decision::refuse(smtp::replies::no_space(), "scripted");
    }
    script_.accepted.push_back({transaction.id, client.protocol(), std::move(transaction.envelope),
                                std::move(transaction.header), std::move(transaction.body)});
    co_return Decision::go_on();
  }

  void refused(const Client&, const Refusal& refusal) override {
    if (refusal.id.is_none() || refusal.cause.empty())
      throw std::logic_error("a refusal without id or cause");
    script_.refused.push_back(std::string(refusal.at) + " " + refusal.reply.line());
    script_.refused_ids.push_back(refusal.id);
    script_.refused_envelopes.push_back(refusal.envelope);
  }

  void ended(const Client&) override { ++script_.ended; }

 private:
  Script& script_;
};

}  // namespace futar::smtp_server
