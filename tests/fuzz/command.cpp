// A command line from anybody: parsed without harm, refused in the bounds of a reply, and what was taken is
// clean.
#include "common/smtp/command.h"

#include <cstdlib>

#include "common/smtp/legality.h"

using namespace futar::smtp;

namespace {

bool has_line_end(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

void check(const Mail& mail) {
  if (has_line_end(mail.reverse_path.text()) || has_line_end(mail.parameters.envid)) std::abort();
}

void check(const Rcpt& rcpt) {
  if (rcpt.forward_path.is_null() || has_line_end(rcpt.forward_path.text()) ||
      has_line_end(rcpt.parameters.orcpt))
    std::abort();
}

template <class Other>
void check(const Other&) {}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  is_foreign_protocol(line);
  const auto command = parse_command(line);
  if (!command) {
    const std::string wire = command.error().wire();
    if (wire.find("\r\n") != wire.size() - 2 || wire.size() > 512) std::abort();
    return 0;
  }
  std::visit([](const auto& c) { check(c); }, *command);
  check_order({.octets_behind = size % 2 == 0}, *command);
  return 0;
}
