// Before the disk is full: mail is answered 452 while there is still room to deliver what is here. Last
// resort: a file of ballast whose room lets the queue drain itself (on a full disk even DELETE and a
// checkpoint fail).
#pragma once
#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace futar::store {

constexpr uint64_t low_water_default = 256ull << 20;
/// At least what a checkpoint can add to the database (wal_autocheckpoint pages) and the growth of the WAL;
/// M: with 1 MiB DELETE still failed.
constexpr uint64_t ballast_default = 48ull << 20;

/// Whether new mail is to be answered 452 4.3.1: less than `least` octets are free in the folder's file
/// system.
class LowWater {
 public:
  LowWater(std::string folder, uint64_t least, const Clock& clock);
  bool reached();  ///< asks the file system at most once a second; true also when it cannot say

 private:
  std::string folder_;
  uint64_t least_;
  const Clock& clock_;
  int64_t asked_ms_ = 0;
  bool asked_ = false;
  bool reached_ = false;
};

/// A file that holds room. Both functions block: call fill() at start and from a worker when there is room
/// again.
class Ballast {
 public:
  explicit Ballast(std::string path, uint64_t octets = ballast_default);
  /// Makes the file, its blocks really allocated, unless it is there. Leaves nothing behind when room is
  /// short.
  Result<void> fill();
  bool release() const;  ///< removes it; true if that freed its room. Any thread.

 private:
  std::string path_;
  uint64_t octets_;
};

}  // namespace futar::store
