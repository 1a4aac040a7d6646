// The header of a message as fields (RFC 5322 §2.2): views into the text, never a copy, linear in its size.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace futar::message {

/// One field with its folded lines. A line that is no field (a lost fold, an mbox "From ") keeps its place as
/// a field without a name, so that nothing is lost when a header is put together again.
struct Field {
  std::string_view
      name;  ///< as written, without the white space of RFC 5322 §4.5 before the colon; "" if no field
  std::string_view value;  ///< behind the colon, folds inside, without the last line end
  std::string_view text;   ///< all of it, with the CRLF
  size_t offset = 0;       ///< of text in the header

  bool is(std::string_view other) const;  ///< the same name in any case
};

/// The fields up to the empty line or the end. Views into `header`.
std::vector<Field> split_header(std::string_view header);

/// The first field of that name, or null.
const Field* find(std::span<const Field> fields, std::string_view name);
size_t count(std::span<const Field> fields, std::string_view name);

/// The value on one line: CRLFs of folds taken out (RFC 5322 §2.2.3), white space at both ends too.
std::string unfold(std::string_view value);

/// Takes the fields for which `doomed` says yes out of the header; everything else stays octet for octet.
/// Returns how many went.
size_t remove_fields(std::string& header, const std::function<bool(const Field&)>& doomed);

}  // namespace futar::message
