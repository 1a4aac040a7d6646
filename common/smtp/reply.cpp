#include "common/smtp/reply.h"

#include "common/base/text.h"

namespace futar::smtp {
namespace {

constexpr size_t max_text = 480;  // with code, enhanced code and CRLF within 512 octets (RFC 5321 §4.5.3.1.5)

bool carries_enhanced(const Reply& reply) { return !reply.plain && reply.code / 100 != 3 && reply.code != 0; }

}  // namespace

std::string Reply::enhanced_text() const {
  return fmt::format("{}.{}.{}", code / 100, enhanced.subject, enhanced.detail);
}

std::string Reply::wire() const {
  const std::string mark = carries_enhanced(*this) ? enhanced_text() + " " : "";
  const auto lines = split(text, '\n');
  std::string wire;
  for (size_t i = 0; i < lines.size(); ++i) {
    const char separator = i + 1 < lines.size() ? '-' : ' ';
    wire += fmt::format("{}{}{}{}\r\n", code, separator, mark, printable(lines[i], max_text));
  }
  return wire;
}

std::string Reply::line() const {
  const std::string mark = carries_enhanced(*this) ? enhanced_text() + " " : "";
  return fmt::format("{} {}{}", code, mark, printable(split(text, '\n').front(), max_text));
}

}  // namespace futar::smtp
