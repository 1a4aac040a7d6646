// What a client saw: where in the dialogue, what went wrong on the way, what the server said. Values only.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace futar::smtp_client {

/// Where it happened. `content` is everything from the first octet of the message to its final dot; `dot` the
/// wait for the reply to it: the one place where a lost connection leaves open who has the message.
enum class Stage : uint8_t {
  connect,
  greeting,
  hello,
  starttls,
  tls,
  auth,
  mail,
  rcpt,
  data,
  content,
  dot,
  reset,
  quit
};
std::string_view name(Stage stage);

enum class Trouble : uint8_t {
  none,             ///< the server spoke: see reply
  cannot_connect,   ///< refused, unreachable
  timeout,          ///< of RFC 5321 §4.5.3.2
  closed,           ///< by the server, without a word
  garbage,          ///< no SMTP reply: wrong shape, too long, NUL, endless
  tls_failed,       ///< handshake or certificate
  tls_not_offered,  ///< asked for by policy
  no_mechanism,     ///< none of its AUTH mechanisms is ours
  not_capable,      ///< it lacks what the message needs: `detail` says 8BITMIME, SMTPUTF8, SIZE
  unreadable,       ///< ours: the content could not be read
};

/// A reply as it came (RFC 5321 §4.2), cleaned of control characters.
struct Said {
  int code = 0;          ///< 0: none was given
  std::string enhanced;  ///< "5.1.1" (RFC 2034), "" if none
  std::string text;      ///< all lines as received, without CR, '\n' between them; at most 4 KiB
  bool is_positive() const { return code >= 200 && code < 400; }
  bool is_temporary() const { return code >= 400 && code < 500; }
  bool is_permanent() const { return code >= 500 && code < 600; }
};

struct Observation {
  Stage stage = Stage::connect;
  Trouble trouble = Trouble::none;
  Said reply;
  std::string detail;  ///< of a trouble, in words
  bool is_good() const { return trouble == Trouble::none && reply.is_positive(); }
};

/// For one recipient of a transaction.
struct RecipientResult {
  Observation last;        ///< what decided: its RCPT, else the reply to the whole message
  bool doubtful = false;   ///< the final dot was sent and no verdict came: it may have the message
  bool dsn_asked = false;  ///< the server announced DSN, so NOTIFY and ORCPT went with it
};

}  // namespace futar::smtp_client
