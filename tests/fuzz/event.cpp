// Packed events as a damaged database may hold them: refused, or read the same after another turn.
#include "common/event/event.h"

#include <cstdint>
#include <cstdlib>

#include "common/event/log_line.h"

using namespace futar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto events = event::unpack({reinterpret_cast<const char*>(data), size});
  if (!events) return 0;
  const auto again = event::unpack(event::pack(*events));
  if (!again || *again != *events) std::abort();
  for (const auto& e : *events) {
    for (const std::string& line : {event::words(e), event::render_postfix({}, e)})
      if (line.find_first_of(std::string_view("\r\n\0\x1b", 4)) != std::string::npos) std::abort();
  }
  return 0;
}
