// Gives a message to msa through its UNIX socket, by SMTP: the kernel tells msa who we are.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/smtp/address.h"

namespace futar::deploy {

struct Submission {
  smtp::Address reverse_path;
  std::vector<smtp::Address> recipients;
  std::string message;  ///< header and body; LF or CRLF line ends
  std::string notify;   ///< "failure,delay", as RCPT's NOTIFY=; "" = none
  std::string envid, ret;
};

/// Returns the message's id from the 250. Temporary: msa is away, or said 4yz. Permanent: it said 5yz, to
/// whatever recipient: then nothing was sent.
Result<std::string> submit(const std::string& socket_path, const Submission& submission);

/// `sendmail -bs`: passes stdin to msa's socket and its replies to stdout, until either ends.
Result<void> converse(const std::string& socket_path);

/// A message as DATA wants it (RFC 5321 §4.5.2): CRLF line ends, leading dots doubled, ended by CRLF.CRLF.
std::string as_data(std::string_view message);

}  // namespace futar::deploy
