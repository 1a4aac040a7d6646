// Writes a field of tags in lines of at most 78 octets; for DKIM-Signature, and for the fields of ARC.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace futar::dkim {

class FieldWriter {
 public:
  explicit FieldWriter(std::string_view name) : text_(name), line_(name.size() + 1) { text_ += ':'; }
  FieldWriter& tag(std::string_view name, std::string_view value);
  FieldWriter& list(std::string_view name, std::span<const std::string> values);  ///< colons between
  FieldWriter& base64(std::string_view name, std::string_view octets);
  /// The field with "b=" at its end and without CRLF: what is signed. Then with the signature and CRLF.
  std::string unsigned_text() const { return text_ + "\r\n\tb="; }
  std::string signed_text(std::string_view signature) const;

 private:
  void word(std::string_view text, std::string_view gap = " ");
  std::string text_;
  size_t line_;  ///< octets on the last line
};

}  // namespace futar::dkim
