#include "mda/maildir/line_ends.h"

#include <algorithm>

namespace futar::mda {

void LineEnds::feed(std::string_view octets, std::string& out) {
  if (octets.empty()) return;
  if (held_cr_ && octets.front() != '\n') out += '\r';
  held_cr_ = octets.back() == '\r';
  if (held_cr_) octets.remove_suffix(1);
  lines_ += static_cast<uint64_t>(std::ranges::count(octets, '\n'));
  while (!octets.empty()) {
    const auto cr = octets.find('\r');
    out += octets.substr(0, cr);
    if (cr == std::string_view::npos) return;
    octets.remove_prefix(cr + 1);
    if (octets.empty() || octets.front() != '\n') out += '\r';
  }
}

void LineEnds::finish(std::string& out) {
  if (held_cr_) out += '\r';
  held_cr_ = false;
}

}  // namespace futar::mda
