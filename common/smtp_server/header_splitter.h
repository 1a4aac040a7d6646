// Where the header of a message ends and its body begins, while the content streams by. Pure.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace futar::smtp_server {

/// The header is the longest run of fields (RFC 5322 §2.2) at the start of the content: it ends at the empty
/// line, and also before a line that is neither a field nor the continuation of one, which then is the body's
/// first line. So a message without header gets an empty one, and every header consists of fields and ends in
/// an empty line. Differs: RFC 5322 §2.1 has nothing for such a line; real programs send text alone, and each
/// receiver repairs it so.
class HeaderSplitter {
 public:
  explicit HeaderSplitter(size_t limit) : limit_(limit) {}

  /// Takes a piece of content; returns what of it belongs to the body, in two parts that hold until the next
  /// call. Once the header is too big it is of no use to go on.
  std::array<std::string_view, 2> push(std::string_view octets);
  void finish();  ///< at the end of the content, which ends in CRLF or is refused anyway

  const std::string& header() const { return header_; }  ///< whole after finish(), with its empty line
  size_t octets_held() const { return header_.size() + body_line_.size(); }
  std::string take_header() { return std::move(header_); }
  bool is_too_big() const { return header_.size() > limit_; }
  size_t received_fields() const { return received_fields_; }  ///< hops, RFC 5321 §6.3

 private:
  bool take_line();

  size_t limit_;
  std::string header_;
  size_t line_start_ = 0;  ///< in header_: of the line whose end has not come yet
  std::string body_line_;  ///< was taken for the header's until it was whole
  size_t received_fields_ = 0;
  bool in_body_ = false;
};

}  // namespace futar::smtp_server
