// The one SMTP server session of all listeners: a coroutine that reads top to bottom.
#pragma once
#include <memory>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/net/stream.h"
#include "common/smtp_server/policy.h"
#include "common/spool/body.h"

namespace futar::smtp_server {

struct SessionOptions {
  int64_t command_timeout_ms = 300'000;  ///< RFC 5321 §4.5.3.2.7
  int64_t data_timeout_ms = 180'000;     ///< RFC 5321 §4.5.3.2.5, per read
  int64_t session_limit_ms = 3'600'000;  ///< from the connection or the last accepted message to the next one
  int errors = 20;                       ///< refused commands until 421 4.7.0
  bool lmtp = false;                     ///< RFC 2033: LHLO, and one reply a recipient after the dot
  bool implicit_tls =
      false;  ///< the handshake comes before the greeting (RFC 8314 §3.3); needs Policy::tls()
};

/// Serves one connection to its end. Throws nothing: a lost peer or deadline ends it quietly.
Task<> serve(std::unique_ptr<net::Stream> stream, std::unique_ptr<Policy> policy, spool::Folder& spool,
             const Clock& clock, SessionOptions options);

}  // namespace futar::smtp_server
