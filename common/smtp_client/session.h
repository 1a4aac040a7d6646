// The one client session, SMTP and LMTP (RFC 5321, 2033): says what it observed, never judges.
// mta/outbound/outcome judges.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/message/envelope.h"
#include "common/net/stream.h"
#include "common/smtp_client/mechanism.h"
#include "common/smtp_client/observation.h"
#include "common/smtp_client/peer_offer.h"

namespace futar::net {
class Workers;
}

namespace futar::smtp_client {

enum class TlsUse {
  none,           ///< in clear
  opportunistic,  ///< STARTTLS when offered
  required,       ///< STARTTLS, or no message goes
  implicit,       ///< TLS from the first octet
};

struct Options {
  std::string hello;  ///< our name, for EHLO
  bool lmtp = false;
  TlsUse tls = TlsUse::opportunistic;
  net::TlsContext* context = nullptr;  ///< not owned; needed unless `none`
  net::TlsExpectation expectation;     ///< of the server's certificate
  std::optional<Login>
      login;  ///< SCRAM-SHA-256(-PLUS), PLAIN, LOGIN in this order; never in clear to another host
  bool login_in_clear = false;      ///< allowed: the server is on loopback
  net::Workers* workers = nullptr;  ///< not owned; where SCRAM stretches the password. Null: here, up to 1 s
};

/// One transaction. Content is asked for piece by piece, "" at its end; CRLF lines, dots not stuffed. What
/// has more recipients, or domains of them, than offer() allows is for the caller to split.
struct Transaction {
  smtp::Address reverse_path;
  smtp::MailParameters parameters;
  std::vector<message::Recipient> recipients;
  uint64_t size = 0;  ///< of the content, in octets; exact, or nothing is sent to its end
  std::function<Task<Result<std::string>>(uint64_t offset)> read;
};

/// Its functions throw nothing; one of them at a time.
class Session {
 public:
  Session(std::unique_ptr<net::Stream> stream, const Clock& clock, Options options);
  ~Session();

  /// Greeting, EHLO (HELO if refused), STARTTLS and AUTH as asked. Ready when its trouble is none and the
  /// reply positive.
  Task<Observation> open();
  /// MAIL, RCPT..., DATA or BDAT. One result per recipient, in order. The session may go on with the next one
  /// while usable(); after a 4yz or 5yz it has sent RSET.
  Task<std::vector<RecipientResult>> send(Transaction transaction);
  Task<> quit();  ///< politely, at most some seconds; then closed

  /// Open, in step with the server, and not yet at its LIMITS MAILMAX.
  bool usable() const;
  const PeerOffer& offer() const;
  const std::optional<net::TlsInfo>& tls() const;
  const net::Endpoint& peer() const;
  std::string host_said() const;  ///< the name in its greeting
  size_t transactions() const;    ///< begun, by MAIL

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::smtp_client
