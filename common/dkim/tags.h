// Lists of tag=value (RFC 6376 §3.2): DKIM-Signature, key records, the fields of ARC. Strict, so that no two
// readers see different things in one.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::dkim {

/// Views into the parsed text.
class TagList {
 public:
  /// Printable ASCII with folds, names unique ("the entire tag-list is invalid" otherwise), at most 64 tags.
  static Result<TagList> parse(std::string_view text);
  /// As written, with white space and folds inside but not around it.
  std::optional<std::string_view> get(std::string_view name) const;

 private:
  struct Tag {
    std::string_view name, value;
  };
  std::vector<Tag> tags_;
};

bool is_space(char c);                              ///< SP, TAB, CR, LF
std::string without_space(std::string_view value);  ///< base64 and lists may be folded anywhere
/// base64 with white space anywhere inside, as b=, bh= and p= are written.
std::optional<std::string> decode_folded(std::string_view value);
/// The parts between colons, white space around each taken off.
std::vector<std::string_view> colon_list(std::string_view value);
/// The text of a field with the value of its b= taken out, whatever white space stands around "b", "=" and it
/// (RFC 6376 §3.7).
std::string without_signature(std::string_view field);

}  // namespace futar::dkim
