#include "common/smtp/command.h"

#include "common/base/text.h"
#include "common/smtp/parse_parameters.h"
#include "common/smtp/replies.h"

namespace futar::smtp {
namespace {

using Parsed = std::expected<Command, Reply>;

Parsed refuse(Reply reply) { return std::unexpected(std::move(reply)); }

// Differs: RFC 5321 §4.1.1.1 wants a domain or address literal, but laptops say whatever they are called, and
// §4.1.4 forbids refusing mail for it. One visible word is taken; Received writes it with care.
std::expected<std::string, Reply> greeting_name(std::string_view argument) {
  const bool visible = std::ranges::all_of(argument, [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7F && c != '<' && c != '>';
  });
  if (argument.empty() || argument.size() > 255 || !visible || !is_utf8(argument))
    return std::unexpected(replies::bad_syntax("Need a domain name or an address literal"));
  return ascii_lower(argument);
}

template <class Hello>
Parsed parse_hello(std::string_view argument) {
  return Hello{TRY(greeting_name(argument))};
}

// The octets of <path> and of what follows its '>', a '>' in a quoted local part passed over.
struct PathAndRest {
  std::string_view path, rest;
};

std::optional<PathAndRest> split_path(std::string_view argument, std::string_view keyword) {
  if (!starts_with_nocase(argument, keyword)) return std::nullopt;
  argument.remove_prefix(keyword.size());
  // Differs: RFC 5321 §3.3 has no space after the colon; old but living clients put one.
  if (argument.starts_with(' ')) argument.remove_prefix(1);
  if (!argument.starts_with('<')) return std::nullopt;
  bool quoted = false;
  for (size_t i = 1; i < argument.size(); ++i) {
    if (quoted && argument[i] == '\\') {
      ++i;
    } else if (argument[i] == '"') {
      quoted = !quoted;
    } else if (argument[i] == '>' && !quoted) {
      std::string_view rest = argument.substr(i + 1);
      if (!rest.empty() && rest[0] != ' ') return std::nullopt;
      if (!rest.empty()) rest.remove_prefix(1);
      return PathAndRest{argument.substr(1, i - 1), rest};
    }
  }
  return std::nullopt;
}

Parsed parse_mail(std::string_view argument) {
  const auto split = split_path(argument, "FROM:");
  if (!split) return refuse(replies::bad_syntax("Syntax: MAIL FROM:<address>"));
  Mail mail;
  if (!split->path.empty()) {
    auto address = parse_address(split->path);
    if (!address) return refuse(replies::bad_sender_address());
    mail.reverse_path = *std::move(address);
  }
  mail.parameters = TRY(parse_mail_parameters(split->rest));
  return mail;
}

Parsed parse_rcpt(std::string_view argument) {
  const auto split = split_path(argument, "TO:");
  if (!split) return refuse(replies::bad_syntax("Syntax: RCPT TO:<address>"));
  Rcpt rcpt;
  if (equal_nocase(split->path, "postmaster")) {  // RFC 5321 §4.1.1.3: the one address without a domain
    rcpt.forward_path.local = ascii_lower(split->path);
  } else {
    auto address = parse_address(split->path);
    if (!address) return refuse(replies::bad_recipient_address());
    rcpt.forward_path = *std::move(address);
  }
  rcpt.parameters = TRY(parse_rcpt_parameters(split->rest));
  return rcpt;
}

Parsed parse_bdat(std::string_view argument) {  // RFC 3030 §2
  const auto words = split(argument, ' ');
  const auto size = parse_number(words[0]);
  const bool last = words.size() == 2 && equal_nocase(words[1], "LAST");
  if (!size || words.size() > 2 || (words.size() == 2 && !last))
    return refuse(replies::bad_syntax("Syntax: BDAT size [LAST]"));
  return Bdat{*size, last};
}

Parsed parse_auth(std::string_view argument) {  // RFC 4954 §4
  const auto words = split(argument, ' ');
  const bool mechanism =
      !words[0].empty() && words[0].size() <= 20 && std::ranges::all_of(words[0], [](char c) {
        return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
      });
  if (!mechanism || words.size() > 2 || (words.size() == 2 && words[1].empty()))
    return refuse(replies::bad_syntax("Syntax: AUTH mechanism [initial-response]"));
  Auth auth;
  for (char c : words[0]) auth.mechanism += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (words.size() == 2) auth.initial = std::string(words[1]);
  return auth;
}

Parsed parse_vrfy(std::string_view argument) {
  if (argument.empty()) return refuse(replies::bad_syntax("Syntax: VRFY name"));
  return Vrfy{std::string(argument)};
}

template <class Bare>
Parsed parse_bare(std::string_view argument) {
  if (!argument.empty()) return refuse(replies::bad_syntax("This command takes no argument"));
  return Bare{};
}

template <class Any>
Parsed parse_any(std::string_view) {
  return Any{};
}

Parsed parse_known_but_absent(std::string_view) { return refuse(replies::not_implemented()); }

struct Row {
  std::string_view verb;
  Parsed (*parse)(std::string_view argument);
};

constexpr Row rows[] = {
    {"MAIL", parse_mail},
    {"RCPT", parse_rcpt},
    {"DATA", parse_bare<Data>},
    {"BDAT", parse_bdat},
    {"EHLO", parse_hello<Ehlo>},
    {"HELO", parse_hello<Helo>},
    {"LHLO", parse_hello<Lhlo>},
    {"QUIT", parse_bare<Quit>},
    {"RSET", parse_bare<Rset>},
    {"NOOP", parse_any<Noop>},
    {"STARTTLS", parse_bare<StartTls>},
    {"AUTH", parse_auth},
    {"VRFY", parse_vrfy},
    {"HELP", parse_any<Help>},
    {"EXPN", parse_known_but_absent},
    {"ETRN", parse_known_but_absent},
    {"TURN", parse_known_but_absent},
    {"SEND", parse_known_but_absent},
    {"SOML", parse_known_but_absent},
    {"SAML", parse_known_but_absent},
};

}  // namespace

std::expected<Command, Reply> parse_command(std::string_view line) {
  // RFC 5321 §4.1.1: white space before the CRLF is tolerated.
  while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
  const size_t space = line.find(' ');
  const std::string_view verb = line.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : line.substr(space + 1);
  for (const Row& row : rows)
    if (equal_nocase(verb, row.verb)) return row.parse(argument);
  return refuse(replies::unknown_command());
}

bool is_foreign_protocol(std::string_view line) {
  if (line.starts_with("\x16\x03")) return true;  // TLS on a port that starts plain
  constexpr std::string_view methods[] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                          "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
  const std::string_view verb = line.substr(0, line.find(' '));
  return std::ranges::find(methods, verb) != std::end(methods);
}

}  // namespace futar::smtp
