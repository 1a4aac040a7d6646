#include "common/spool/erase.h"

#include "common/base/text.h"

namespace futar::spool {
namespace {

bool is_part_of_address(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_+=!#$%&'*/?^`{|}~").contains(c) || static_cast<unsigned char>(c) >= 0x80;
}

/// A dot that ends a sentence ends the address, too.
bool goes_on(std::string_view behind) {
  if (behind.empty()) return false;
  if (behind[0] == '.') return behind.size() > 1 && is_part_of_address(behind[1]);
  return is_part_of_address(behind[0]);
}

}  // namespace

const smtp::Address& erased() {
  static const smtp::Address nobody{"erased", "invalid"};
  return nobody;
}

std::string erase_address(std::string_view text, std::string_view address) {
  const std::string lower = ascii_lower(text), wanted = ascii_lower(address);
  std::string out;
  size_t done = 0;
  for (size_t at = 0; !wanted.empty() && (at = lower.find(wanted, at)) != std::string::npos;) {
    const bool begins = at == 0 || !(is_part_of_address(text[at - 1]) || text[at - 1] == '.');
    if (!begins || goes_on(text.substr(at + wanted.size()))) {
      ++at;
      continue;
    }
    out.append(text.substr(done, at - done)).append(erased().text());
    at = done = at + wanted.size();
  }
  return out.append(text.substr(done));
}

}  // namespace futar::spool
