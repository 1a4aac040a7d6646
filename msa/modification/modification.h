// What a submission agent completes and corrects in a user's header (RFC 6409 §8), and whom it claims to come
// from. Pure: whether the authors belong to the login is msa/session's question.
#pragma once
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/message/received.h"
#include "common/smtp/address.h"

namespace futar::msa {

struct Modification {
  message::Received received;  ///< ours, put on top; its id and time also serve Message-ID and Date
  std::string domain;          ///< right of the @ in a Message-ID that we add
  smtp::Address author;        ///< the From that we add when there is none; null: leave it out
  /// The local socket alone: programs like cron and mail give the header for sendmail to read and clean. Over
  /// SMTP the user's own program is asked to leave Bcc out (RFC 5322 §3.6.3).
  bool remove_bcc = false;
};

/// Every address in every From and Sender, for the ownership check; those without a domain have none (the
/// caller knows which domain is meant). An error when one cannot be read for sure: refuse with
/// replies::bad_header().
Result<std::vector<smtp::Address>> claimed_authors(std::string_view header);

/// Changes the header in place. Returns what was done, in words for the event: "added Date", "removed 2
/// Authentication-Results".
std::vector<std::string> modify(std::string& header, const Modification& modification);

}  // namespace futar::msa
