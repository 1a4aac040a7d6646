// Small functions on text that the standard library lacks.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace futar {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string ascii_lower(std::string_view text);
/// Equal but for the case of ASCII letters.
bool equal_nocase(std::string_view a, std::string_view b);
bool starts_with_nocase(std::string_view text, std::string_view prefix);
std::string_view trim(std::string_view text);  ///< without spaces, tabs, CR and LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);
/// The whole text as a decimal number; none when empty, signed, too large or followed by anything.
std::optional<uint64_t> parse_number(std::string_view text);
/// Peer text made safe for a log line, a reply or a terminal: CR, LF, NUL, C0, DEL and invalid UTF-8 become
/// '?', and what is longer than `limit` octets is cut and ends in "...".
std::string printable(std::string_view text, size_t limit = 512);
bool is_utf8(std::string_view text);
std::string base64_encode(std::string_view octets);
/// RFC 4648 §4, strict: padding required, no line breaks, no other characters.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex(std::string_view octets);

}  // namespace futar
