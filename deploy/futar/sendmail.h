// The sendmail command line that cron, PHP, mutt and scripts know. Pure.
#pragma once
#include <string>
#include <vector>

#include "common/base/result.h"

namespace futar::deploy {

struct SendmailWords {
  enum class Mode { deliver, smtp, queue, aliases, nothing };
  Mode mode = Mode::deliver;  ///< -bm; -bs, -bp, -bi; nothing: -q and -bd, which are the agents' work
  std::vector<std::string> recipients;
  std::string sender;              ///< -f or -r; "" = the user
  bool null_sender = false;        ///< -f <>
  bool from_header = false;        ///< -t: recipients from To, Cc and Bcc too
  bool dots_end = true;            ///< without -i a line of one dot ends the message
  std::string notify, envid, ret;  ///< -N, -V, -R
};

/// The words behind "sendmail". Unknown flags are an error; flags that mean nothing here are taken.
Result<SendmailWords> parse_sendmail(const std::vector<std::string>& words);

/// The text up to a line of one dot; all of it without one.
std::string_view until_dot(std::string_view text);

}  // namespace futar::deploy
