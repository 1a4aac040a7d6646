// Chunks of BDAT of any size, read in pieces of any size: all content and nothing else, flaws as in one
// piece.
#include "common/smtp/bdat.h"

#include <cstdlib>
#include <string>

using namespace futar::smtp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t chunk = data[0] + 1u, piece = data[1] + 1u;
  const std::string_view content(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string behind = "RSET\r\n";

  ChunkStream chunks;
  std::string got;
  for (size_t at = 0; !chunks.done(); at += chunk) {
    const std::string_view part = content.substr(std::min(at, content.size()), chunk);
    chunks.begin({.size = part.size(), .last = at + chunk >= content.size()});
    const std::string wire = std::string(part) + behind;
    size_t used = 0;
    while (!chunks.chunk_done()) {
      const std::string_view read = std::string_view(wire).substr(used, piece);
      std::string_view rest = read;
      for (auto run = chunks.next(rest); !run.empty(); run = chunks.next(rest)) got += run;
      used += read.size() - rest.size();
    }
    if (used != part.size()) std::abort();
  }
  if (got != content || chunks.announced() != content.size()) std::abort();
  got += chunks.finish();
  if (!got.empty() && !got.ends_with("\r\n") && !chunks.flaws().any()) std::abort();
  LineCheck check;
  check.push(content);
  check.finish();
  if (check.flaws() != chunks.flaws()) std::abort();
  return 0;
}
