// The seam between the one SMTP session and an agent: the session knows the protocol, a Policy decides.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/base/ids.h"
#include "common/event/event.h"
#include "common/message/envelope.h"
#include "common/net/stream.h"
#include "common/smtp/command.h"
#include "common/smtp/reply.h"
#include "common/spool/body.h"

namespace futar::smtp_server {

/// Go on, or a reply that refuses plus the cause for the event and the log.
struct [[nodiscard]] Decision {
  std::optional<smtp::Reply> refusal;
  std::string cause;
  static Decision go_on() { return {}; }
  static Decision refuse(smtp::Reply reply, std::string cause) {
    return {std::move(reply), std::move(cause)};
  }
  bool may_go_on() const { return !refusal; }
};

/// What EHLO offers beside what every listener has (PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES, CHUNKING,
/// SMTPUTF8).
struct Capabilities {
  uint64_t max_size = 50u << 20;
  size_t max_recipients = 1000;
  bool starttls = false;  ///< offered until TLS is on
  bool dsn = true;
  std::vector<std::string> auth;  ///< mechanisms, offered only under TLS; empty = AUTH is 503/502
  bool login_required = false;    ///< MAIL before AUTH is 530 5.7.0
  bool tls_required = false;      ///< MAIL before TLS is 530 5.7.0
};

/// What the session knows so far; a Policy sees it with each question.
struct Client {
  MessageId connection;  ///< the id of this connection, for refusals before a MAIL
  net::Endpoint peer, local;
  std::optional<uint32_t> uid;  ///< UNIX socket
  std::string helo;
  bool extended = false;  ///< EHLO or LHLO
  bool lmtp = false;
  bool smtputf8 = false;  ///< the current transaction said SMTPUTF8
  std::optional<net::TlsInfo> tls;
  std::string login;  ///< account after AUTH
  std::string mechanism;
  std::string protocol() const;  ///< "ESMTPSA" (RFC 3848), "UTF8SMTPS" (RFC 6531 §4.3)
};

/// The talk of one AUTH command, given to Policy::authenticate.
class AuthExchange {
 public:
  virtual ~AuthExchange() = default;
  virtual const std::string& mechanism() const = 0;
  /// The initial response, decoded; none if the client sent none.
  virtual const std::optional<std::string>& initial() const = 0;
  /// Sends 334 and returns the decoded answer; none when the client sent "*" or no base64 (the session
  /// answers 501 then, whatever authenticate returns, which it does at once).
  virtual Task<std::optional<std::string>> challenge(std::string octets) = 0;
  virtual std::string channel_binding() const = 0;
};

struct AuthResult {
  std::string login;                   ///< the account, when `refusal` is none
  std::optional<smtp::Reply> refusal;  ///< e.g. replies::auth_failed()
  std::string cause;
};

/// What was refused, when a Policy is told of it.
struct Refusal {
  const MessageId& id;                ///< of the transaction, else of the connection; the client was told it
  std::string_view at;                ///< the verb, or "connect" or "command"
  const smtp::Reply& reply;           ///< without the id
  std::string_view cause;             ///< that only we see
  const message::Envelope& envelope;  ///< what was said of it by then; at RCPT only the recipient asked for
};

/// What all sessions of an agent came to, for its figures.
struct SessionCounts {
  uint64_t ended_plain = 0, ended_under_tls = 0;
  std::map<int, uint64_t> refused;  ///< by the code of the reply

  void ended(const Client& client) { ++(client.tls ? ended_under_tls : ended_plain); }
  void refuse(const Refusal& refusal) { ++refused[refusal.reply.code]; }
};

/// The refusal as events and logs have it.
event::Event refused_event(const Client& client, const Refusal& refusal, int64_t wall_ms);

/// A whole message at the dot: not yet durable, but for the body file.
struct Transaction {
  MessageId id;
  message::Envelope envelope;
  std::string header;  ///< with its empty line; agents change it before accept
  spool::Body body;
};

/// One instance a session. Methods run on the io thread, in the order of the session.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string host() const = 0;  ///< our name: greeting, EHLO reply
  virtual Capabilities capabilities(const Client& client) const = 0;
  virtual net::TlsContext* tls() const = 0;  ///< none: no STARTTLS
  /// The client has connected: refuse with 421/554, or go on.
  virtual Task<Decision> connected(const Client& client);
  virtual Task<AuthResult> authenticate(const Client& client, AuthExchange& exchange);
  virtual Task<Decision> sender(const Client& client, const MessageId& id, const smtp::Mail& mail) = 0;
  virtual Task<Decision> recipient(const Client& client, const MessageId& id, const message::Envelope& so_far,
                                   const smtp::Rcpt& rcpt) = 0;
  /// Judges and completes the content (verdicts, fixes of RFC 6409 §8, Received on top) and makes it durable.
  /// When it goes on, the commit was fsynced and the session answers 250 2.0.0 "Ok: queued as ID".
  virtual Task<Decision> accept(const Client& client, Transaction& transaction) = 0;
  /// Told of each refusal, for events and logs. Must not wait.
  virtual void refused(const Client& client, const Refusal& refusal) = 0;
  /// The session has ended.
  virtual void ended(const Client&) {}
};

}  // namespace futar::smtp_server
