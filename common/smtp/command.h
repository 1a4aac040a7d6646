// One command line as a value (RFC 5321 §4.1.1 and the extensions we offer). Pure: no session, no policy.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/smtp/address.h"
#include "common/smtp/parameters.h"
#include "common/smtp/reply.h"

namespace futar::smtp {

struct Helo {
  std::string domain;
};
struct Ehlo {
  std::string domain;
};
struct Lhlo {
  std::string domain;
};  ///< RFC 2033
struct Mail {
  Address reverse_path;
  MailParameters parameters;
};
struct Rcpt {
  Address forward_path;
  RcptParameters parameters;
};
struct Data {};
struct Bdat {
  uint64_t size = 0;
  bool last = false;
};
struct Rset {};
struct Noop {};
struct Quit {};
struct Vrfy {
  std::string argument;
};
struct Help {};
struct StartTls {};
struct Auth {
  std::string mechanism;
  std::optional<std::string> initial;
};  ///< base64 as sent; "=" is empty
using Command =
    std::variant<Helo, Ehlo, Lhlo, Mail, Rcpt, Data, Bdat, Rset, Noop, Quit, Vrfy, Help, StartTls, Auth>;

/// The longest command line with its CRLF, RFC 5321 §4.5.3.1.4 plus what our extensions add.
constexpr size_t max_command_line = 2048;
constexpr size_t max_auth_line = 12288;  ///< RFC 4954 §4

/// Parses a line without its CRLF, or gives the reply that refuses it (500 5.5.2 unknown, 501 5.5.4 syntax,
/// 555 5.5.4 unknown parameter, 553 5.1.7/5.1.3 bad address).
std::expected<Command, Reply> parse_command(std::string_view line);

/// An HTTP request line or a TLS ClientHello: somebody's browser was sent here (ALPACA). Such a session is
/// ended with replies::foreign_protocol(), before what follows is read as commands.
bool is_foreign_protocol(std::string_view line);

}  // namespace futar::smtp
