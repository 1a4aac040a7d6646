// Mail for other servers as it passes between the queue and mta/outbound. Values only.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/smtp/parameters.h"
#include "common/spool/body.h"

namespace futar::mta {

/// Where recipients of other servers wait together, with what is known of it.
struct Destination {
  int64_t key = 0;
  std::string name;         ///< a domain, an address literal, or the URL of a smart host
  int failures = 0;         ///< attempts in a row at which nobody there took mail
  int64_t due_ms = 0;       ///< no attempt before; 0 = at once
  std::string last_answer;  ///< "421 4.7.28 rate limited", "no answer on port 25"
};

struct RemoteRecipient {
  int64_t row = 0;
  smtp::Address address;  ///< RCPT TO
  smtp::RcptParameters parameters;
  bool is_first = true;   ///< no attempt has failed
  bool released = false;  ///< a person let it go, or asked for this attempt
};

/// Recipients of one message at one destination that share the reverse-path and the fields before the header.
struct RemoteItem {
  MessageId id;
  smtp::Address reverse_path;
  smtp::MailParameters parameters;
  std::string
      forwarder;  ///< domain of the alias that sends it on, whose SRS address it gets; "" = not forwarded
  std::string prefix, header;
  spool::Body body;
  std::vector<RemoteRecipient> recipients;
  std::string seal;  ///< of ARC, for mail from outside that an alias sends on; on top of all
  uint64_t size() const { return seal.size() + prefix.size() + header.size() + body.size; }
  uint64_t in_memory() const { return header.size() + body.in_memory(); }
};

/// What became of one recipient, judged.
struct RemoteOutcome {
  enum class State : uint8_t {
    relayed,
    later,
    failed,
    held,
    untried,  ///< its turn did not come: waits as before, and nothing is counted
  };
  int64_t row = 0;
  State state = State::untried;
  std::string reason;         ///< in words
  std::string status;         ///< enhanced status code
  std::string host;           ///< "mx1.remote.example[192.0.2.25]:25"; "" = nobody was reached
  std::string words;          ///< the remote's own, as received
  std::string tls;            ///< "TLSv1.3, DANE-EE"
  int64_t not_before_ms = 0;  ///< later: its destination is not tried before; 0 = its own back-off holds
  bool dsn_passed = false;    ///< the remote will tell the sender (RFC 3461 §5.2.2)
  bool doubtful = false;      ///< the remote may have it: a second copy is possible
  std::string return_path;    ///< MAIL FROM of a forwarded message (mta/srs); "" = the sender's own
};

}  // namespace futar::mta
