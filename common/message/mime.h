// The parts of a message (RFC 2045, 2046): as much as it takes to find an attachment. Views into the body,
// never a copy, time linear in its size.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace futar::message {

constexpr size_t max_mime_depth = 8, max_mime_parts = 100;

/// A part that is not a multipart itself.
struct Part {
  std::string type;      ///< "application/gzip", lower case; "text/plain" when there is none that can be read
  std::string encoding;  ///< Content-Transfer-Encoding, lower case; "" if none
  std::string_view content;  ///< still encoded
};

/// In their order; a message that is no multipart is one. Multiparts below max_mime_depth stay undivided, and
/// what follows max_mime_parts is left out.
std::vector<Part> parts_of(std::string_view header, std::string_view body);

/// Base64 and quoted-printable undone as RFC 2045 §6.7 and §6.8 have readers do it: what does not belong
/// there is passed over.
std::string decode(const Part& part);

}  // namespace futar::message
