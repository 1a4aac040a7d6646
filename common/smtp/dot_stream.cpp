#include "common/smtp/dot_stream.h"

namespace futar::smtp {

std::string_view DotDecoder::next(std::string_view& octets) {
  while (!octets.empty() && state_ != State::done) {
    switch (state_) {
      case State::line_start:
        if (octets[0] != '.') return take_run(octets);
        octets.remove_prefix(1);
        state_ = State::dot;
        break;
      case State::dot:
        if (octets[0] != '\r') return take_run(octets);  // the dot was stuffing
        octets.remove_prefix(1);
        state_ = State::dot_cr;
        break;
      case State::dot_cr:
        if (octets[0] == '\n') {
          octets.remove_prefix(1);
          state_ = State::done;
          break;
        }
        state_ = State::after_cr;
        check_.push("\r");
        return "\r";
      default:
        return take_run(octets);
    }
  }
  return {};
}

// Up to the next line that starts with a dot, or to the end of octets.
std::string_view DotDecoder::take_run(std::string_view& octets) {
  bool after_cr = state_ == State::after_cr;
  size_t size = 0;
  state_ = State::inside;
  while (true) {
    const size_t lf = octets.find('\n', size);
    if (lf == std::string_view::npos) {
      size = octets.size();
      if (octets.back() == '\r') state_ = State::after_cr;
      break;
    }
    if (lf > 0) after_cr = octets[lf - 1] == '\r';
    size = lf + 1;
    if (after_cr && (size == octets.size() || octets[size] == '.')) {
      state_ = State::line_start;
      break;
    }
    if (size == octets.size()) break;
  }
  const std::string_view run = octets.substr(0, size);
  octets.remove_prefix(size);
  check_.push(run);
  return run;
}

void DotEncoder::push(std::string_view octets, std::string& wire) {
  while (!octets.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (octets[0] == '\n') {  // the second half of a CRLF that stands on the wire already
        octets.remove_prefix(1);
        continue;
      }
    }
    if (line_start_ && octets[0] == '.') wire += '.';
    const size_t end = octets.find_first_of("\r\n");
    wire += octets.substr(0, end);
    line_start_ = end != std::string_view::npos;
    if (!line_start_) return;
    wire += "\r\n";
    after_cr_ = octets[end] == '\r';
    octets.remove_prefix(end + 1);
  }
}

void DotEncoder::finish(std::string& wire) {
  if (!line_start_) wire += "\r\n";
  wire += ".\r\n";
}

}  // namespace futar::smtp
