// The config, as file and as environment: it is read or refused with words, and what `show` prints of it
// reads the same.
#include <cstdlib>

#include "common/base/text.h"
#include "common/config/printer.h"

using namespace futar;

namespace {

void check_faults(std::string_view faults) {
  if (faults.empty()) std::abort();
  for (const auto line : split(faults, '\n'))
    if (printable(line, line.size()) != line) std::abort();  // they go to a terminal
}

}  // namespace

// Octets up to the first NUL are the file; pairs of texts behind it the environment.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto parts = split({reinterpret_cast<const char*>(data), size}, '\0');
  config::Environment environment;
  for (size_t i = 1; i + 1 < parts.size(); i += 2)
    environment.emplace_back("FUTAR__" + std::string(parts[i]), parts[i + 1]);
  const auto read = config::Config::parse(parts[0], "fuzz.toml", environment);
  if (!read) {
    check_faults(read.error().text);
    return 0;
  }
  const auto again = config::Config::parse(config::show(*read, false), "shown.toml");
  if (!again) std::abort();
  for (size_t i = 0; i < read->entries().size(); ++i)
    if (read->entries()[i].value != again->entries()[i].value) std::abort();
  return 0;
}
