// The content of one transaction on its way out, checked before any octet of it is written. Internal to
// smtp_client.
#pragma once
#include <cstdint>
#include <string>

#include "common/base/async.h"
#include "common/smtp/line_check.h"
#include "common/smtp_client/session.h"

namespace futar::smtp_client {

/// Asks for the pieces and gathers the small ones. Throws Broken (unreadable) when a piece cannot be had,
/// when there is less or more than the transaction's size, and at a bare CR or LF: no stored message has one,
/// and on the wire it could end the message for a careless server and begin another (smuggling).
class Content {
 public:
  explicit Content(const Transaction& transaction) : transaction_(transaction) {}

  /// The next piece; of an empty content one that is empty. The last one ends in CRLF.
  Task<std::string> next();
  bool at_end() const { return offset_ == transaction_.size; }

 private:
  const Transaction& transaction_;
  uint64_t offset_ = 0;
  smtp::LineCheck check_;
};

}  // namespace futar::smtp_client
