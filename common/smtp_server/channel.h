// Both directions of the talk with one client: command lines in, replies out. Knows no verb.
#pragma once
#include <string>
#include <string_view>

#include "common/base/async.h"
#include "common/net/stream.h"
#include "common/smtp/reply.h"

namespace futar::smtp_server {

/// One line without its end. The text holds until the channel reads again.
struct Line {
  enum class Flaw {
    none,
    too_long,  ///< longer than the limit; it was skipped
    bare_lf,   ///< ended by LF alone: not a line (RFC 5321 §2.3.8), and never obeyed
  };
  std::string_view text;
  Flaw flaw = Flaw::none;
};

/// Replies wait until the octets of the client are used up, then go out together (RFC 2920 §3.2): whoever
/// reads from the stream has first written what is owed. Holds no memory while it waits for a client that has
/// sent nothing.
class Channel {
 public:
  explicit Channel(net::Stream& stream) : stream_(stream) {}

  void send(const smtp::Reply& reply) { output_ += reply.wire(); }
  Task<> flush();

  /// The next line of at most `limit` octets with its CRLF.
  Task<Line> read_line(size_t limit);
  /// What has arrived and is not used yet. Holds until fill() or read_line().
  std::string_view input() const { return std::string_view(input_).substr(used_); }
  void consume(size_t size) { used_ += size; }
  /// Waits for more input. Throws net::StreamClosed.
  Task<> fill();

 private:
  net::Stream& stream_;
  std::string input_;
  size_t used_ = 0;  ///< octets at the front of input_
  std::string output_;
};

}  // namespace futar::smtp_server
