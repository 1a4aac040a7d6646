// The content of DATA on the wire: dots are stuffed, and a line holding only "." ends it (RFC 5321 §4.5.2).
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "common/smtp/line_check.h"

namespace futar::smtp {

/// Takes the stuffing off and finds the end, which is <CRLF>.<CRLF> and nothing else; a bare CR or LF never
/// ends a line. Content keeps its CRLFs. Flaws are noted, not repaired: the message is refused after its true
/// end.
///
///   while (!decoder.done()) {
///     std::string_view octets = <read>;
///     for (auto run = decoder.next(octets); !run.empty(); run = decoder.next(octets)) <keep run>;
///   }
///   // octets: what was pipelined behind the dot
class DotDecoder {
 public:
  /// The next run of content, as long as can be; takes what it used off the front of `octets`. Empty: octets
  /// are used up, or done(). The run points into octets (or to a constant) and holds until they change.
  std::string_view next(std::string_view& octets);

  /// The same with a sink called for each run. Returns how many octets belonged to the message.
  template <class Sink>
  size_t push(std::string_view octets, Sink&& sink) {
    std::string_view rest = octets;
    for (auto run = next(rest); !run.empty(); run = next(rest)) sink(run);
    return octets.size() - rest.size();
  }

  bool done() const { return state_ == State::done; }
  const Flaws& flaws() const { return check_.flaws(); }

 private:
  enum class State : unsigned char {
    line_start,  ///< at the begin, or behind a CRLF
    inside,
    after_cr,
    dot,     ///< a dot at a line start, held back: stuffing or the end
    dot_cr,  ///< that dot and a CR, both held back
    done,
  };

  std::string_view take_run(std::string_view& octets);

  State state_ = State::line_start;
  LineCheck check_;
};

/// Puts content into its form for DATA. Whatever it is given, only CRLF ends a line on the wire: a bare CR or
/// LF, which no stored message has, becomes CRLF, so that nothing can be smuggled outwards.
class DotEncoder {
 public:
  void push(std::string_view octets, std::string& wire);  ///< appends to wire
  void finish(std::string& wire);                         ///< the last line's CRLF if it lacks, and ".\r\n"

 private:
  bool line_start_ = true;
  bool after_cr_ = false;
};

}  // namespace futar::smtp
