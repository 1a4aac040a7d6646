// Content of DATA in pieces of any size decodes as in one, ends only at CRLF.CRLF, and what is encoded cannot
// smuggle.
#include "common/smtp/dot_stream.h"

#include <cstdint>
#include <cstdlib>

using namespace futar::smtp;

namespace {

struct Decoded {
  std::string content;
  Flaws flaws;
  size_t used = 0;
  bool done = false;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view wire, size_t piece) {
  DotDecoder decoder;
  Decoded decoded;
  for (size_t at = 0; at < wire.size() && !decoder.done(); at += piece)
    decoded.used +=
        decoder.push(wire.substr(at, piece), [&](std::string_view run) { decoded.content += run; });
  decoded.flaws = decoder.flaws();
  decoded.done = decoder.done();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = data[0] + 1u;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Decoded whole = decode(wire, wire.size() + 1);
  if (whole != decode(wire, piece)) std::abort();
  const size_t end = ("\r\n" + std::string(wire)).find("\r\n.\r\n");
  if (whole.done != (end != std::string::npos) || (whole.done && whole.used != end + 3)) std::abort();

  DotEncoder encoder;
  std::string encoded;
  for (size_t at = 0; at < wire.size(); at += piece) encoder.push(wire.substr(at, piece), encoded);
  encoder.finish(encoded);
  const Decoded back = decode(encoded, piece);
  if (!back.done || back.used != encoded.size() || back.flaws.bare_cr || back.flaws.bare_lf) std::abort();
  if (whole.done && !whole.flaws.any()) {
    DotEncoder again;
    std::string same;
    again.push(whole.content, same);
    again.finish(same);
    if (decode(same, piece).content != whole.content) std::abort();
  }
  return 0;
}
