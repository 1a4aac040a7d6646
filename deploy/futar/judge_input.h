// What the judge verbs are given: a message in a file or on stdin, and the two identities of SPF. Pure but
// for reading.
#pragma once
#include <string>
#include <string_view>

#include "common/spf/spf.h"

namespace futar::deploy {

struct Message {
  std::string header;  ///< each field with CRLF, without the empty line
  std::string body;    ///< lines end in CRLF; the last one as it was
  bool crlf = true;    ///< the lines of the file ended in CRLF, else in LF
};

/// A bare LF counts as CRLF, as lines of files end so (RFC 5322 §2.3).
Message parse_message(std::string_view octets);
/// "-" is stdin. At most 256 MiB; Stop(usage) when it cannot be read.
Message read_message(const std::string& file);
/// Text with CRLF in the line ends of the file.
std::string in_line_ends_of(const Message& message, std::string_view text);

/// `mail_from` with or without angle brackets, "" for the null reverse-path; a domain alone has the local
/// part "postmaster" (RFC 7208 §4.3). What is outside the grammar of RFC 5321 is split at its last "@".
smtp::Address parse_mail_from(std::string_view mail_from);

}  // namespace futar::deploy
