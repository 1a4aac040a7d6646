// CRLF of the wire to LF of the disk, piece by piece.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace futar::mda {

/// Drops each CR that stands before an LF, also when a piece ends between the two; a lone CR stays.
class LineEnds {
 public:
  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);             ///< after the last piece
  uint64_t lines() const { return lines_; }  ///< LFs written so far

 private:
  bool held_cr_ = false;  // the last piece ended in CR
  uint64_t lines_ = 0;
};

}  // namespace futar::mda
