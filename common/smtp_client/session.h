// The one client session, SMTP and LMTP (RFC 5321, 2033): says what it observed, never judges. mta/outbound/outcome
// judges.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/message/envelope.h"
#include "common/net/stream.h"
#include "common/smtp_client/observation.h"

namespace futar::smtp_client {

enum class TlsUse {
  none,           ///< in clear
  opportunistic,  ///< STARTTLS when offered
  required,       ///< STARTTLS, or no message goes
  implicit,       ///< TLS from the first octet
};

struct Login {
  std::string user, secret;
  bool oauth = false;  ///< XOAUTH2: the secret is an access token
};

struct Options {
  std::string hello;  ///< our name, for EHLO
  bool lmtp = false;
  TlsUse tls = TlsUse::opportunistic;
  net::TlsContext* context = nullptr;  ///< not owned; needed unless `none`
  net::TlsExpectation expectation;     ///< of the server's certificate
  std::optional<Login> login;          ///< SCRAM-SHA-256(-PLUS), PLAIN, LOGIN in this order; never in clear to another host
  bool login_in_clear = false;         ///< allowed: the server is on loopback
};

/// What EHLO said (RFC 5321 §4.1.1.1).
struct PeerOffer {
  bool extended = false;  ///< it knows EHLO
  bool starttls = false, pipelining = false, eight_bit = false, smtputf8 = false, chunking = false, dsn = false;
  bool size_told = false;
  uint64_t max_size = 0;  ///< 0 = no fixed limit
  size_t max_recipients = 100;  ///< LIMITS RCPTMAX (RFC 9422), else 100
  size_t max_messages = 0;      ///< LIMITS MAILMAX; 0 = not told
  std::vector<std::string> auth;
};

/// One transaction. Content is asked for piece by piece, "" at its end; CRLF lines, dots not stuffed.
struct Transaction {
  smtp::Address reverse_path;
  smtp::MailParameters parameters;
  std::vector<message::Recipient> recipients;
  uint64_t size = 0;  ///< of the content, in octets
  std::function<Task<Result<std::string>>(uint64_t offset)> read;
};

class Session {
 public:
  Session(std::unique_ptr<net::Stream> stream, const Clock& clock, Options options);
  ~Session();

  /// Greeting, EHLO (HELO if refused), STARTTLS and AUTH as asked. Ready when its trouble is none and the reply
  /// positive.
  Task<Observation> open();
  /// MAIL, RCPT..., DATA or BDAT. One result per recipient, in order. The session may go on with the next one
  /// while usable(); after a 4yz or 5yz it has sent RSET.
  Task<std::vector<RecipientResult>> send(Transaction transaction);
  Task<> quit();  ///< politely, at most some seconds; then closed

  bool usable() const;
  const PeerOffer& offer() const;
  const std::optional<net::TlsInfo>& tls() const;
  const net::Endpoint& peer() const;
  std::string host_said() const;  ///< the name in its greeting
  size_t transactions() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::smtp_client
