// Which verb may come when: one row a verb, asked before any handler runs (check, then policy, then act).
#pragma once
#include <cstdint>
#include <optional>

#include "common/smtp/command.h"
#include "common/smtp/reply.h"

namespace futar::smtp {

/// What the order of commands depends on.
struct SessionState {
  bool lmtp = false;            ///< RFC 2033: LHLO instead of EHLO and HELO
  bool greeted = false;         ///< EHLO, LHLO or HELO was answered 250; false again after STARTTLS
  bool extended = false;        ///< by EHLO or LHLO
  bool tls_offered = false;     ///< STARTTLS exists here
  bool tls = false;             ///< TLS is on, or needless (a UNIX socket)
  bool tls_required = false;    ///< no MAIL before TLS
  bool auth_offered = false;    ///< AUTH exists here (under TLS)
  bool login = false;           ///< logged in
  bool login_required = false;  ///< no MAIL before AUTH
  bool in_mail = false;         ///< MAIL was accepted
  size_t recipients = 0;        ///< accepted in this transaction
  bool in_chunks = false;       ///< a BDAT was accepted, its LAST not yet
  bool octets_behind = false;   ///< the client has sent more behind this line
};

/// None: the handler may run. Else the refusal; a 421 ends the session. A refused BDAT is still followed by
/// its chunk, which must be read away.
std::optional<Reply> check_order(const SessionState& state, const Command& command);

}  // namespace futar::smtp
