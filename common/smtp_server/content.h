// Receives the content of one message, from DATA or BDAT: header into memory, body into the spool, limits and
// flaws.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/async.h"
#include "common/smtp/line_check.h"
#include "common/smtp_server/header_splitter.h"
#include "common/smtp_server/policy.h"
#include "common/spool/body.h"

namespace futar::smtp_server {

constexpr size_t max_received_fields = 100;        ///< RFC 5321 §6.3
constexpr size_t header_always_taken = 16 * 1024;  ///< larger ones only while memory is not short

/// Takes all octets of a message, also of one that will be refused, since only behind its end may anything be
/// answered.
class Content {
 public:
  /// `limit`: octets of the whole message; 0 = none.
  Content(spool::Folder& spool, const MessageId& id, uint64_t limit);

  Task<> append(std::string_view octets);
  /// So far over the limit that reading it away is no use: answer and close.
  bool is_hopeless(uint64_t further = 0) const;
  uint64_t size() const { return size_; }

  /// What speaks against the message as it is now.
  Decision judge(const smtp::Flaws& flaws) const;
  /// Completes header and body. Refuses when the body cannot be made durable.
  Task<Decision> finish(Transaction& transaction);
  /// After the commit: the body's file stays.
  void keep() { body_.keep(); }

 private:
  spool::Folder& spool_;
  HeaderSplitter header_;
  spool::MemoryShare header_share_;
  spool::BodyWriter body_;
  uint64_t limit_;
  uint64_t size_ = 0;
  std::optional<Error> storage_error_;
};

}  // namespace futar::smtp_server
