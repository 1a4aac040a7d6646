#include "common/message/received.h"

#include "common/message/date.h"

namespace futar::message {
namespace {

std::string safe(std::string_view text) {
  constexpr size_t longest = 255;
  std::string word(text.substr(0, longest));
  for (char& c : word) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && !std::string_view("-._:[]").contains(c)) c = '?';
  }
  return word.empty() ? "unknown" : word;
}

// Only an address that needs no quoting: comments and semicolons have a meaning here.
bool is_plain(const smtp::Address& address) {
  return address.is_ascii() && !address.domain.empty() &&
         address.text().find_first_of("\"();\\") == std::string::npos;
}

}  // namespace

std::string received_field(const Received& received) {
  std::string field = "Received:";
  if (received.from) {
    const ReceivedFrom& from = *received.from;
    field += " from " + safe(from.helo);
    if (!from.literal.empty())
      field += fmt::format(" ({}{})", from.name.empty() ? "" : safe(from.name) + " ", safe(from.literal));
    field += "\r\n\t";
  } else {
    field += ' ';
  }
  field += fmt::format("by {} with {} id {}", safe(received.by), safe(received.protocol), received.id.text());
  if (received.recipient && is_plain(*received.recipient)) field += "\r\n\tfor " + received.recipient->path();
  // RFC 8314 §7.4 registered the tls clause; it names no version, so that stands in a comment.
  if (!received.tls_cipher.empty())
    field += fmt::format("\r\n\ttls {} ({})", safe(received.tls_cipher), safe(received.tls_version));
  return field + ";\r\n\t" + date(received.wall_ms, received.zone_minutes) + "\r\n";
}

}  // namespace futar::message
