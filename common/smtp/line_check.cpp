#include "common/smtp/line_check.h"

#include <cstring>

namespace futar::smtp {

void LineCheck::push(std::string_view octets) {
  if (octets.empty()) return;
  const char* text = octets.data();
  const size_t last = octets.size() - 1;
  if (after_cr_ && text[0] != '\n') flaws_.bare_cr = true;
  if (!after_cr_ && text[0] == '\n') flaws_.bare_lf = true;
  // Each octet with its follower, without a branch, so that the compiler does 16 or 32 at once.
  unsigned char bare_cr = 0, bare_lf = 0, nul = 0;
  for (size_t i = 0; i < last; ++i) {
    const unsigned char cr = text[i] == '\r', lf = text[i + 1] == '\n', zero = text[i] == '\0';
    bare_cr |= cr & static_cast<unsigned char>(lf ^ 1);
    bare_lf |= lf & static_cast<unsigned char>(cr ^ 1);
    nul |= zero;
  }
  flaws_.bare_cr |= bare_cr != 0;
  flaws_.bare_lf |= bare_lf != 0;
  flaws_.nul |= nul != 0 || text[last] == '\0';
  after_crlf_ = text[last] == '\n' && (last > 0 ? text[last - 1] == '\r' : after_cr_);
  after_cr_ = text[last] == '\r';
  measure_lines(octets);
}

void LineCheck::finish() {
  if (after_cr_) flaws_.bare_cr = true;
}

// Looks only at the last line end that a line's allowance reaches, not at each.
void LineCheck::measure_lines(std::string_view octets) {
  while (!flaws_.long_line) {
    const std::string_view reach = octets.substr(0, max_text_line - line_);
    const void* end = memrchr(reach.data(), '\n', reach.size());
    const size_t used = end ? static_cast<size_t>(static_cast<const char*>(end) - reach.data()) + 1 : 0;
    if (reach.size() == octets.size()) {
      line_ = used ? octets.size() - used : line_ + octets.size();
      return;
    }
    flaws_.long_line = used == 0;
    octets.remove_prefix(used);
    line_ = 0;
  }
}

}  // namespace futar::smtp
