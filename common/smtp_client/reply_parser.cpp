#include "common/smtp_client/reply_parser.h"

#include "common/base/text.h"

namespace futar::smtp_client {
namespace {

constexpr size_t shown = 80;  ///< of a line that is no reply

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 200 to 599 (RFC 5321 §4.2.1; 1yz exists only in FTP), 0 for anything else.
int parse_code(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/// One to three digits off the front, and the dot behind them unless it is the last number.
bool take_number(std::string_view& text, bool last) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits < 1 || digits > 3) return false;
  text.remove_prefix(digits);
  if (last) return text.empty() || text[0] == ' ';
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

/// The enhanced code at the start of a reply's text (RFC 2034 §4), "" if there is none, or one of another
/// class.
std::string parse_enhanced(std::string_view line) {
  if (line.size() < 6 || line[4] != line[0] || line[5] != '.' || line[0] == '3') return {};
  std::string_view rest = line.substr(6);
  if (!take_number(rest, false) || !take_number(rest, true)) return {};
  return std::string(line.substr(4, line.size() - 4 - rest.size()));
}

/// Tabs are the one control character that a reply may hold.
std::string cleaned(std::string_view line, size_t limit) {
  std::string text(line);
  std::replace(text.begin(), text.end(), '\t', ' ');
  return printable(text, limit);
}

}  // namespace

ReplyParser::State ReplyParser::push(std::string_view& octets) {
  while (!octets.empty()) {
    const size_t lf = octets.find('\n');
    const std::string_view part = octets.substr(0, lf);  // all, when there is none
    const size_t used = part.size() + (lf != std::string_view::npos);
    octets_ += used;
    if (line_.size() + part.size() > max_reply_line)
      return refuse(fmt::format("a line of more than {} octets", max_reply_line));
    if (octets_ > max_reply_octets) return refuse("an endless reply");
    line_ += part;
    octets.remove_prefix(used);
    if (lf == std::string_view::npos) break;
    if (const State state = take_line(); state != State::more) return state;
    line_.clear();
  }
  return State::more;
}

ReplyParser::State ReplyParser::take_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  const int code = parse_code(line_);
  const char separator = line_.size() > 3 ? line_[3] : ' ';
  if (code == 0 || (separator != ' ' && separator != '-') || line_.contains('\0'))
    return refuse(fmt::format("no SMTP reply: \"{}\"", cleaned(line_, shown)));
  if (++lines_ > max_reply_lines) return refuse("an endless reply");
  if (said_.code == 0) {
    said_.code = code;
    said_.enhanced = parse_enhanced(line_);
  } else if (said_.code != code) {
    return refuse(fmt::format("a reply with two codes, {} and {}", said_.code, code));
  }
  keep_line();
  return separator == ' ' ? State::done : State::more;
}

void ReplyParser::keep_line() {
  constexpr size_t dots = 3;  // by which printable() marks that it has cut
  std::string& text = said_.text;
  if (text.size() + 1 + dots >= max_said_text) return;
  if (!text.empty()) text += '\n';
  text += cleaned(line_, max_said_text - dots - text.size());
}

ReplyParser::State ReplyParser::refuse(std::string flaw) {
  said_ = {};
  flaw_ = std::move(flaw);
  return State::garbage;
}

}  // namespace futar::smtp_client
