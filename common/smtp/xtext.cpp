#include "common/smtp/xtext.h"

#include "common/base/text.h"

namespace futar::smtp {
namespace {

// RFC 3461 §4: upper case only.
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_xchar(char c) { return c > ' ' && c < 0x7F && c != '+' && c != '='; }

}  // namespace

std::string xtext_encode(std::string_view octets) {
  std::string text;
  for (char c : octets) {
    if (is_xchar(c))
      text += c;
    else
      text += fmt::format("+{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

std::optional<std::string> xtext_decode(std::string_view text) {
  if (!is_utf8(text)) return std::nullopt;
  std::string octets;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool eight_bit = static_cast<unsigned char>(text[i]) >= 0x80;
    if (is_xchar(text[i]) || eight_bit) {
      octets += text[i];
      continue;
    }
    if (text[i] != '+' || i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    octets += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return octets;
}

}  // namespace futar::smtp
