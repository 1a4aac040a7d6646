#include "common/message/mime.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/message/header.h"

namespace futar::message {
namespace {

struct ContentType {
  std::string type, boundary;
};

// The next parameter value at `text`, which stands behind "=": a token or a quoted string (RFC 2045 §5.1).
std::string take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const auto end = std::min(text.find_first_of("; \t\r\n"), text.size());
    value = text.substr(0, end);
    text.remove_prefix(end);
    return value;
  }
  size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

ContentType parse_content_type(std::string_view field_value) {
  const std::string unfolded = unfold(field_value);
  std::string_view text = unfolded;
  const auto end = std::min(text.find(';'), text.size());
  ContentType found{ascii_lower(trim(text.substr(0, end))), ""};
  for (text.remove_prefix(end); text.starts_with(';');) {
    text.remove_prefix(1);
    const auto equals = text.find('='), semicolon = text.find(';');
    if (equals == std::string_view::npos) break;
    if (semicolon < equals) {
      text.remove_prefix(semicolon);
      continue;
    }
    const auto name = trim(text.substr(0, equals));
    text = text.substr(std::min(text.find_first_not_of(" \t", equals + 1), text.size()));
    std::string value = take_value(text);
    if (equal_nocase(name, "boundary") && found.boundary.empty()) found.boundary = std::move(value);
    text.remove_prefix(std::min(text.find(';'), text.size()));
  }
  if (std::ranges::count(found.type, '/') != 1) found.type = "text/plain";
  return found;
}

// What stands between the delimiter lines (RFC 2046 §5.1.1); without a close delimiter the last one ends the
// body.
std::vector<std::string_view> sections(std::string_view body, const std::string& boundary) {
  const std::string delimiter = "--" + boundary;
  std::vector<std::string_view> found;
  size_t begin = std::string_view::npos;
  for (size_t at = 0; at < body.size();) {
    const size_t lf = body.find('\n', at);
    const size_t next = lf == std::string_view::npos ? body.size() : lf + 1;
    const std::string_view line = body.substr(at, next - at);
    const bool delimits = line.starts_with(delimiter);
    const std::string_view rest = delimits ? trim(line.substr(delimiter.size())) : line;
    if (delimits && (rest.empty() || rest == "--")) {
      if (begin != std::string_view::npos) found.push_back(body.substr(begin, at - begin));
      begin = rest.empty() ? next : std::string_view::npos;
      if (!rest.empty() || found.size() > max_mime_parts) break;
    }
    at = next;
  }
  if (begin != std::string_view::npos) found.push_back(body.substr(begin));
  return found;
}

void collect(std::vector<Part>& parts, std::string_view header, std::string_view body, size_t depth) {
  const auto fields = split_header(header);
  const Field* type = find(fields, "Content-Type");
  const Field* encoding = find(fields, "Content-Transfer-Encoding");
  const ContentType content = type ? parse_content_type(type->value) : ContentType{"text/plain", ""};
  if (!content.type.starts_with("multipart/") || content.boundary.empty() || depth == max_mime_depth) {
    if (parts.size() < max_mime_parts)
      parts.push_back({content.type, encoding ? ascii_lower(unfold(encoding->value)) : "", body});
    return;
  }
  for (const std::string_view section : sections(body, content.boundary)) {
    if (parts.size() == max_mime_parts) return;
    const auto inner = split_header(section);
    size_t end = inner.empty() ? 0 : inner.back().offset + inner.back().text.size();
    const std::string_view head = section.substr(0, end);
    if (section.substr(end).starts_with('\r')) ++end;
    if (section.substr(end).starts_with('\n')) ++end;
    collect(parts, head, section.substr(end), depth + 1);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decode_base64(std::string_view text) {
  constexpr auto values = [] {
    std::array<int8_t, 256> table{};
    table.fill(-1);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < alphabet.size(); ++i)
      table[static_cast<unsigned char>(alphabet[i])] = static_cast<int8_t>(i);
    return table;
  }();
  std::string octets;
  octets.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) continue;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xFFFFFF;
    if ((count += 6) < 8) continue;
    count -= 8;
    octets += static_cast<char>(bits >> count & 0xFF);
  }
  return octets;
}

std::string decode_quoted_printable(std::string_view text) {
  std::string octets;
  while (!text.empty()) {
    const size_t lf = text.find('\n');
    std::string_view line = text.substr(0, lf);
    text.remove_prefix(lf == std::string_view::npos ? text.size() : lf + 1);
    const bool whole = line.ends_with('\r');
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    const bool soft = line.ends_with('=');
    if (soft) line.remove_suffix(1);
    for (size_t i = 0; i < line.size(); ++i) {
      const int high = line[i] == '=' && i + 2 < line.size() ? hex_digit(line[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(line[i + 2]) : -1;
      octets += low >= 0 ? static_cast<char>(high << 4 | low) : line[i];
      if (low >= 0) i += 2;
    }
    if (!soft && lf != std::string_view::npos) octets += whole ? "\r\n" : "\n";
  }
  return octets;
}

}  // namespace

std::vector<Part> parts_of(std::string_view header, std::string_view body) {
  std::vector<Part> parts;
  collect(parts, header, body, 0);
  return parts;
}

std::string decode(const Part& part) {
  if (part.encoding == "base64") return decode_base64(part.content);
  if (part.encoding == "quoted-printable") return decode_quoted_printable(part.content);
  return std::string(part.content);
}

}  // namespace futar::message
