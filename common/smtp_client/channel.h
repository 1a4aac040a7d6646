// Both directions of the talk with one server: octets out, replies in, in step. Internal to smtp_client.
#pragma once
#include <string>
#include <string_view>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/net/stream.h"
#include "common/smtp_client/observation.h"

namespace futar::smtp_client {

/// Ends the talk; caught once, in Dialogue::guarded().
struct Broken {
  Trouble trouble;
  std::string detail;
  Said reply = {};
};

/// Throws Broken and net::StreamClosed. Holds no memory between replies.
class Channel {
 public:
  Channel(net::Stream& stream, const Clock& clock) : stream_(stream), clock_(clock) {}

  /// Octets that will be answered by so many replies. The timeout is for each block of 64 KiB. What the
  /// server said unasked, before, would be taken for the answer: then it is garbage.
  Task<> send(std::string_view octets, size_t replies, int64_t timeout_ms);
  Task<Said> reply(int64_t timeout_ms);
  /// Octets have come that nobody has asked for.
  bool has_unread() const { return !input_.empty(); }

 private:
  net::Stream& stream_;
  const Clock& clock_;
  std::string input_;
  size_t owed_ = 0;  ///< replies to come
};

}  // namespace futar::smtp_client
