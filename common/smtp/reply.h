// A reply of the server: basic code, enhanced status code (RFC 3463), text. Named ones stand in replies.h.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace futar::smtp {

struct Enhanced {
  int subject = 0, detail = 0;  ///< the class is the first digit of the basic code
  bool operator==(const Enhanced&) const = default;
};

struct Reply {
  int code = 250;
  Enhanced enhanced;
  std::string text;  ///< may hold '\n': then it is sent as several lines

  bool is_positive() const { return code < 400; }
  bool is_temporary() const { return code >= 400 && code < 500; }
  /// 421 and nothing else ends the session after it was sent (RFC 5321 §3.8).
  bool closes() const { return code == 421; }
  std::string enhanced_text() const;  ///< "5.7.1"
  /// As sent: each line "250-2.0.0 text\r\n". Codes 2yz, 4yz, 5yz carry the enhanced code unless `plain`
  /// (greeting, EHLO, 354, 334 carry none: RFC 2034 §3).
  std::string wire() const;
  std::string line() const;  ///< "550 5.7.1 text", first line, for logs and traces
  bool plain = false;
};

}  // namespace futar::smtp
