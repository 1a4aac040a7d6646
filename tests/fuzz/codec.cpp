// Arbitrary frames through the link's decoder; what it accepts must survive encoding and decoding again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proto/codec/codec.h"

using namespace futar::proto;

namespace {

// Frames are divided by the octet 0x1e, which JSON does not hold.
Frames split_frames(std::string_view input) {
  Frames frames;
  while (true) {
    const size_t end = input.find('\x1e');
    frames.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) return frames;
    input.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto message = decode(split_frames({reinterpret_cast<const char*>(data), size}));
  if (!message) return 0;
  Frames frames = encode(*message);
  auto again = decode(Frames(frames));
  if (!again || encode(*again) != frames) std::abort();
  return 0;
}
