// A reply of the server, octet by octet (RFC 5321 §4.2). Pure.
#pragma once
#include <string>
#include <string_view>

#include "common/smtp_client/observation.h"

namespace futar::smtp_client {

// What a hostile server can make us keep and read. RFC 5321 §4.5.3.1.5 says 512 octets a line.
constexpr size_t max_reply_line = 2048;
constexpr size_t max_reply_lines = 128;
constexpr size_t max_reply_octets = 64 * 1024;
constexpr size_t max_said_text = 4096;

/// Takes in one reply in pieces of any size:
///
///   ReplyParser parser;
///   while (parser.push(octets) == ReplyParser::State::more) octets = <read>;
///   // done: parser.said(), and octets holds what came behind the reply
///
/// Differs: a line may end in LF alone, as old servers end theirs. Nothing can be smuggled in a reply that
/// its author could not say outright.
class ReplyParser {
 public:
  enum class State : unsigned char {
    more,
    done,
    garbage,  ///< no reply: another shape, two codes, a NUL, or over one of the limits; see flaw()
  };

  /// Takes what belongs to the reply off the front of `octets`.
  State push(std::string_view& octets);

  const Said& said() const { return said_; }         ///< when done
  const std::string& flaw() const { return flaw_; }  ///< in words, printable

 private:
  State take_line();
  void keep_line();
  State refuse(std::string flaw);

  Said said_;
  std::string flaw_;
  std::string line_;  ///< the line that is not complete yet
  size_t lines_ = 0, octets_ = 0;
};

}  // namespace futar::smtp_client
