// Delivery status notifications: multipart/report of RFC 6522 with the fields of RFC 3464, for UTF-8 mail of
// RFC 6533. Writes text from values; who gets one and when is mta/bounce's and mta/queue's question.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/message/envelope.h"

namespace futar::message {

enum class Action : uint8_t { failed, delayed, delivered, relayed, expanded };  ///< RFC 3464 §2.3.3
std::string_view name(Action action);

/// What became of one recipient.
struct ReportedRecipient {
  smtp::Address address;  ///< Final-Recipient
  std::string orcpt;      ///< Original-Recipient, as the sender gave it; "" if not
  Action action = Action::failed;
  std::string status;        ///< "5.1.1"; else the action's own (5.0.0, 4.0.0, 2.0.0)
  std::string remote_host;   ///< who said `remote_words`: "mx.example[192.0.2.1]:25"; "" = nobody was asked
  std::string remote_words;  ///< "550 5.1.1 No such user", lines as received, or joined by spaces
  std::string cause;  ///< ours, one plain sentence without a full stop: "no server answered for 5 days"
  int64_t last_attempt_ms = 0;  ///< 0 = none
  int64_t retry_until_ms = 0;   ///< delayed only; 0 = not told
};

struct Report {
  std::string host;  ///< our name: Reporting-MTA, and MAILER-DAEMON@host
  MessageId id;      ///< of this notification; its boundary and Message-ID too
  smtp::Address to;  ///< the reverse-path of the original, not null
  MessageId original;
  std::string envid;  ///< decoded; "" if none
  int64_t arrival_ms = 0;
  int64_t now_ms = 0;
  int zone_minutes = 0;
  std::vector<ReportedRecipient> recipients;  ///< at least one
  bool smtputf8 = false;  ///< the original came with SMTPUTF8, so its sender reads UTF-8 (RFC 6533 §4)
  std::string_view original_header;  ///< with its empty line; "" when it is gone
  std::string_view original_body;
  bool whole_original = false;  ///< return the body too (RET=FULL, or the size allows); else the header
};

/// A message of its own, to be sent from <>.
struct ReportText {
  std::string header;  ///< with the empty line; no Received yet
  std::string body;
  bool eight_bit = false;  ///< needs BODY=8BITMIME
};

ReportText write_report(const Report& report);

}  // namespace futar::message
