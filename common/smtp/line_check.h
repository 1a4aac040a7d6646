// What a message's lines may not hold, checked while they stream by. Shared by DATA and BDAT.
#pragma once
#include <cstddef>
#include <string_view>

namespace futar::smtp {

/// Differs: RFC 5321 §4.5.3.1.6 says 1000 octets; much real mail has longer lines. With the CRLF.
constexpr size_t max_text_line = 64 * 1024;

/// A message with any of these is refused with replies::smuggling(), after its true end. Stricter: RFC 5321
/// §2.3.8 lets a server repair; but what one server takes for a line end and the next does not, lets one
/// message hide another.
struct Flaws {
  bool bare_cr = false;
  bool bare_lf = false;
  bool nul = false;
  bool long_line = false;
  bool any() const { return bare_cr || bare_lf || nul || long_line; }
  bool operator==(const Flaws&) const = default;
};

/// Fed with the content in pieces of any size.
class LineCheck {
 public:
  void push(std::string_view octets);
  void finish();  ///< a CR as the very last octet is bare
  const Flaws& flaws() const { return flaws_; }
  bool ends_in_crlf() const { return after_crlf_; }

 private:
  void measure_lines(std::string_view octets);

  Flaws flaws_;
  size_t line_ = 0;  ///< octets since the last LF
  bool after_cr_ = false;
  bool after_crlf_ = false;
};

}  // namespace futar::smtp
