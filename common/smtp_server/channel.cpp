#include "common/smtp_server/channel.h"

namespace futar::smtp_server {
namespace {

constexpr size_t read_size = 64 * 1024;
constexpr size_t output_limit = 16 * 1024;  // a client that pipelines without reading holds no more of ours

// All sessions of the thread read into one buffer: Stream::read touches it only right before it returns.
char* shared_buffer() {
  static thread_local char buffer[read_size];
  return buffer;
}

}  // namespace

Task<> Channel::flush() {
  if (output_.empty()) co_return;
  const std::string octets = std::exchange(output_, {});
  co_await stream_.write(octets);
}

Task<> Channel::fill() {
  co_await flush();
  // What an idle client once needed is given back. Only swap() does that: an assigned short string would be
  // copied into the old memory.
  std::string(input()).swap(input_);
  used_ = 0;
  char* const buffer = shared_buffer();
  const size_t size = co_await stream_.read(buffer, read_size);
  input_.append(buffer, size);
}

Task<Line> Channel::read_line(size_t limit) {
  if (output_.size() > output_limit) co_await flush();
  size_t scanned = 0;
  bool too_long = false;
  while (true) {
    const std::string_view pending = input();
    const size_t lf = pending.find('\n', scanned);
    if (lf != std::string_view::npos) {
      consume(lf + 1);
      if (too_long || lf + 1 > limit) co_return Line{{}, Line::Flaw::too_long};
      if (lf == 0 || pending[lf - 1] != '\r') co_return Line{pending.substr(0, lf), Line::Flaw::bare_lf};
      co_return Line{pending.substr(0, lf - 1), Line::Flaw::none};
    }
    // A TLS handshake on a port that starts plain: its peer waits for us, and no line end will come.
    if (pending.starts_with("\x16\x03")) co_return Line{pending, Line::Flaw::none};
    scanned = pending.size();
    if (scanned > limit) {
      too_long = true;
      consume(scanned);
      scanned = 0;
    }
    co_await fill();
  }
}

}  // namespace futar::smtp_server
