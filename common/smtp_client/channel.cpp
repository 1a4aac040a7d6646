#include "common/smtp_client/channel.h"

#include "common/smtp_client/reply_parser.h"

namespace futar::smtp_client {
namespace {

constexpr size_t read_size = 16 * 1024;
constexpr size_t block_size = 64 * 1024;

// All sessions of the thread read into one buffer: Stream::read touches it only right before it returns.
char* shared_buffer() {
  static thread_local char buffer[read_size];
  return buffer;
}

}  // namespace

Task<> Channel::send(std::string_view octets, size_t replies, int64_t timeout_ms) {
  if (owed_ == 0 && has_unread()) throw Broken{Trouble::garbage, "it answers what it was not asked"};
  while (!octets.empty()) {
    stream_.set_deadline(clock_.steady_ms() + timeout_ms);
    const std::string_view block = octets.substr(0, block_size);
    co_await stream_.write(block);
    octets.remove_prefix(block.size());
  }
  owed_ += replies;
}

Task<Said> Channel::reply(int64_t timeout_ms) {
  // One deadline for the whole reply: a server that drips it octet by octet gains nothing.
  stream_.set_deadline(clock_.steady_ms() + timeout_ms);
  ReplyParser parser;
  while (true) {
    std::string_view rest = input_;
    const ReplyParser::State state = parser.push(rest);
    input_ = std::string(rest);
    if (state == ReplyParser::State::garbage) throw Broken{Trouble::garbage, parser.flaw()};
    if (state == ReplyParser::State::done) break;
    char* const buffer = shared_buffer();
    const size_t size = co_await stream_.read(buffer, read_size);
    input_.assign(buffer, size);
  }
  if (owed_ > 0) --owed_;
  co_return parser.said();
}

}  // namespace futar::smtp_client
