// The content of BDAT: counted chunks, nothing stuffed (RFC 3030 §2). BINARYMIME is not offered, so it is
// lines.
#pragma once
#include <cstdint>
#include <string_view>

#include "common/smtp/command.h"
#include "common/smtp/line_check.h"

namespace futar::smtp {

/// Counts the chunks of one message; a CRLF may lie across two of them.
class ChunkStream {
 public:
  /// The announced size of all chunks so far, for the limit; stops at the largest number instead of running
  /// over.
  uint64_t begin(const Bdat& chunk);

  /// The next run of the current chunk; takes it off the front of `octets`. Empty: octets are used up, or
  /// chunk_done().
  std::string_view next(std::string_view& octets);

  bool chunk_done() const { return left_ == 0; }
  bool done() const { return last_ && left_ == 0; }
  uint64_t announced() const { return announced_; }

  /// After done(): what must still be appended, "\r\n" when the last line lacks it, else "".
  std::string_view finish();
  const Flaws& flaws() const { return check_.flaws(); }  ///< whole only after finish()

 private:
  uint64_t announced_ = 0;
  uint64_t left_ = 0;
  bool last_ = false;
  LineCheck check_;
};

}  // namespace futar::smtp
