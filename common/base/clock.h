// Time as a dependency, so that five days of retries are tested in a millisecond (tests/fakes/clock.h).
#pragma once
#include <cstdint>
#include <string>

namespace futar {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t wall_ms() const = 0;    ///< milliseconds since 1970, UTC; may jump
  virtual int64_t steady_ms() const = 0;  ///< never jumps; no meaning across a reboot
};

/// The machine's clock.
const Clock& system_clock();

std::string rfc3339(int64_t wall_ms);  ///< "2026-11-24T14:02:07.123Z"

}  // namespace futar
