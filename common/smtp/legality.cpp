#include "common/smtp/legality.h"

#include "common/smtp/replies.h"

namespace futar::smtp {
namespace {

enum class Dialect : uint8_t { both, smtp, lmtp };
enum class Transaction : uint8_t { any, none, mail, recipient };

// RFC 5321 §4.1.4, RFC 2920 §3.1, RFC 3030 §2, RFC 3207 §4, RFC 4954 §4.
struct Rule {
  Dialect dialect;
  bool needs_hello;
  Transaction transaction;
  bool amid_chunks;  // may come between BDAT and BDAT LAST
  bool secured;      // only after TLS and login, where the listener requires them
  bool ends_group;   // nothing may be pipelined behind it
};

using enum Transaction;

// In the order of the alternatives of Command. NOOP, VRFY and QUIT should end a group too (RFC 2920 §3.1),
// but what stands behind them is harmless.
// clang-format off
constexpr Rule rules[] = {
    //          dialect        hello  transaction amid   secured ends group
    /* HELO */ {Dialect::smtp, false, any,        true,  false,  true},
    /* EHLO */ {Dialect::smtp, false, any,        true,  false,  true},
    /* LHLO */ {Dialect::lmtp, false, any,        true,  false,  true},
    /* MAIL */ {Dialect::both, true,  none,       false, true,   false},
    /* RCPT */ {Dialect::both, true,  mail,       false, true,   false},
    /* DATA */ {Dialect::both, true,  recipient,  false, true,   true},
    /* BDAT */ {Dialect::both, true,  recipient,  true,  true,   false},
    /* RSET */ {Dialect::both, false, any,        true,  false,  false},
    /* NOOP */ {Dialect::both, false, any,        true,  false,  false},
    /* QUIT */ {Dialect::both, false, any,        true,  false,  false},
    /* VRFY */ {Dialect::both, false, any,        true,  false,  false},
    /* HELP */ {Dialect::both, false, any,        true,  false,  false},
    /* STARTTLS */ {Dialect::both, true, none,    false, false,  true},
    /* AUTH */ {Dialect::both, true,  none,       false, false,  true},
};
// clang-format on
static_assert(std::size(rules) == std::variant_size_v<Command>);

std::optional<Reply> check_transaction(const SessionState& state, Transaction needed) {
  switch (needed) {
    case any:
      return {};
    case none:
      if (state.in_mail) return replies::bad_sequence("Mail transaction in progress");
      return {};
    case mail:
      if (!state.in_mail) return replies::bad_sequence("Need MAIL first");
      return {};
    case recipient:
      if (!state.in_mail) return replies::bad_sequence("Need MAIL first");
      if (state.recipients == 0) return replies::no_valid_recipients();
      return {};
  }
  return {};
}

std::optional<Reply> check_start_tls(const SessionState& state) {
  if (!state.tls_offered)
    return state.tls ? replies::bad_sequence("TLS already active") : replies::not_implemented();
  if (state.tls) return replies::bad_sequence("TLS already active");
  return {};
}

std::optional<Reply> check_auth(const SessionState& state) {
  if (!state.auth_offered) return replies::not_implemented();
  if (!state.tls) return replies::auth_needs_tls();
  if (state.login) return replies::bad_sequence("Already authenticated");
  if (!state.extended) return replies::bad_sequence("Need EHLO first");
  return {};
}

}  // namespace

std::optional<Reply> check_order(const SessionState& state, const Command& command) {
  const Rule& rule = rules[command.index()];
  if (rule.dialect != Dialect::both && (rule.dialect == Dialect::lmtp) != state.lmtp)
    return replies::unknown_command();
  // What waits behind STARTTLS was sent in clear by anybody (CVE-2011-0411); what waits behind DATA or EHLO
  // was sent by somebody who does not read replies, often a web page: it must not be read as commands.
  if (rule.ends_group && state.octets_behind) return replies::synchronization();
  if (rule.needs_hello && !state.greeted)
    return replies::bad_sequence(state.lmtp ? "Need LHLO first" : "Need EHLO or HELO first");
  if (rule.secured && state.tls_required && !state.tls) return replies::tls_required();
  if (rule.secured && state.login_required && !state.login) return replies::auth_required();
  if (!rule.amid_chunks && state.in_chunks) return replies::bad_sequence("Need BDAT LAST first");
  if (std::holds_alternative<StartTls>(command))
    if (auto refusal = check_start_tls(state)) return refusal;
  if (std::holds_alternative<Auth>(command))
    if (auto refusal = check_auth(state)) return refusal;
  return check_transaction(state, rule.transaction);
}

}  // namespace futar::smtp
