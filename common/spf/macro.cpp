#include "common/spf/macro.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"

namespace futar::spf {

namespace {

constexpr std::string_view delimiter_characters = ".-+,/_=";
constexpr std::string_view letters = "slodiphv", explanation_letters = "slodiphvcrt";

bool is_alpha(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_alpha(c) || is_digit(c); }

std::unexpected<Error> bad_macro(std::string_view text) {
  return fail(Error::permanent(fmt::format("bad macro at \"{}\"", printable(text, 32))));
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view allowed, bool spaces)
      : left_(text), allowed_(allowed), spaces_(spaces) {}

  Result<MacroString> parse() {
    while (!left_.empty()) {
      if (left_.starts_with('%')) {
        if (!macro_expand()) return bad_macro(left_);
        tail_.clear();
      } else if ((left_[0] > ' ' && left_[0] <= '~') || (spaces_ && left_[0] == ' ')) {
        literal(left_.substr(0, 1));
        tail_ += left_[0];
        left_.remove_prefix(1);
      } else {
        return fail(Error::permanent("a character that is not ASCII, or is a control"));
      }
    }
    return std::move(pieces_);
  }

  const std::string& tail() const { return tail_; }  ///< what is written behind the last macro-expand

 private:
  void literal(std::string_view text) {
    if (pieces_.empty() || pieces_.back().letter) pieces_.emplace_back();
    pieces_.back().literal += text;
  }

  // "%%", "%_", "%-", or "%{" letter transformers delimiters "}".
  bool macro_expand() {
    constexpr std::pair<std::string_view, std::string_view> plain[] = {
        {"%%", "%"}, {"%_", " "}, {"%-", "%20"}};
    for (const auto& [written, meant] : plain)
      if (left_.starts_with(written)) {
        literal(meant);
        left_.remove_prefix(2);
        return true;
      }
    const size_t end = left_.find('}');
    if (!left_.starts_with("%{") || end == left_.npos) return false;
    std::string_view body = left_.substr(2, end - 2);
    Piece piece;
    if (!letter(body, piece) || !digits(body, piece)) return false;
    if (!body.empty() && ascii_lower(body[0]) == 'r') {
      piece.reverse = true;
      body.remove_prefix(1);
    }
    if (body.find_first_not_of(delimiter_characters) != body.npos) return false;
    piece.delimiters = body;
    pieces_.push_back(std::move(piece));
    left_.remove_prefix(end + 1);
    return true;
  }

  bool letter(std::string_view& body, Piece& piece) {
    if (body.empty() || !allowed_.contains(ascii_lower(body[0]))) return false;
    piece.letter = ascii_lower(body[0]);
    piece.escape = piece.letter != body[0];
    body.remove_prefix(1);
    return true;
  }

  // A number, which may not be 0 (§7.3); more parts than any name has are all of them.
  static bool digits(std::string_view& body, Piece& piece) {
    const size_t size = std::min(body.find_first_not_of("0123456789"), body.size());
    for (const char c : body.substr(0, size))
      piece.keep = std::min<size_t>(piece.keep * 10 + static_cast<size_t>(c - '0'), 1000);
    body.remove_prefix(size);
    return size == 0 || piece.keep > 0;
  }

  std::string_view left_, allowed_;
  bool spaces_;
  MacroString pieces_;
  std::string tail_;
};

// toplabel of §7.1: letters, digits and inner hyphens, with something that is no digit.
bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; }) &&
         !std::ranges::all_of(label, is_digit);
}

// domain-end of §7.1: a macro-expand, or what is written behind the last one ends in a top label.
bool has_domain_end(const MacroString& pieces, std::string_view tail) {
  if (tail.empty()) return !pieces.empty();
  if (tail.ends_with('.')) tail.remove_suffix(1);
  const size_t dot = tail.rfind('.');
  return dot != tail.npos && is_top_label(tail.substr(dot + 1));
}

std::string dotted(const net::IpAddress& address) {
  if (address.is_v4()) return address.text();
  std::string text;
  for (const char c : address.octets())
    text += fmt::format("{}{:X}.{:X}", text.empty() ? "" : ".", static_cast<uint8_t>(c) >> 4, c & 15);
  return text;
}

std::string value_of(char letter, const MacroValues& values) {
  switch (letter) {
    case 's':
      return values.sender.local + "@" + values.sender.domain;
    case 'l':
      return values.sender.local;
    case 'o':
      return values.sender.domain;
    case 'd':
      return values.domain;
    case 'i':
      return dotted(values.client);
    case 'p':
      return values.validated;
    case 'v':
      return values.client.is_v4() ? "in-addr" : "ip6";
    case 'h':
      return values.helo;
    case 'c':
      return values.client.text();
    case 'r':
      return values.receiver.empty() ? "unknown" : values.receiver;
    default:
      return std::to_string(values.now_s);
  }
}

std::string transformed(const std::string& value, const Piece& piece) {
  const std::string_view delimiters = piece.delimiters.empty() ? "." : std::string_view(piece.delimiters);
  std::vector<std::string_view> parts;
  for (std::string_view left = value;;) {
    const size_t end = left.find_first_of(delimiters);
    parts.push_back(left.substr(0, end));
    if (end == left.npos) break;
    left.remove_prefix(end + 1);
  }
  if (piece.reverse) std::ranges::reverse(parts);
  if (piece.keep && piece.keep < parts.size())
    parts.erase(parts.begin(), parts.end() - static_cast<ptrdiff_t>(piece.keep));
  return fmt::format("{}", fmt::join(parts, "."));
}

// Everything but "unreserved" of RFC 3986 §2.3.
std::string url_escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (is_alphanumeric(c) || std::string_view("-._~").contains(c))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<uint8_t>(c));
  return out;
}

}  // namespace

Result<MacroString> parse_domain_spec(std::string_view text) {
  Parser parser(text, letters, false);
  MacroString pieces = TRY(parser.parse());
  if (!has_domain_end(pieces, parser.tail()))
    return fail(Error::permanent(fmt::format("\"{}\" is no domain name", printable(text, 64))));
  return pieces;
}

Result<MacroString> parse_macro_string(std::string_view text) {
  return Parser(text, explanation_letters, false).parse();
}

Result<MacroString> parse_explanation(std::string_view text) {
  return Parser(text, explanation_letters, true).parse();
}

bool uses(const MacroString& string, char letter) {
  return std::ranges::any_of(string, [letter](const Piece& piece) { return piece.letter == letter; });
}

std::string expand(const MacroString& string, const MacroValues& values, size_t limit) {
  std::string out;
  for (const Piece& piece : string) {
    if (!piece.letter) {
      out += piece.literal;
    } else {
      const std::string value = transformed(value_of(piece.letter, values), piece);
      out += piece.escape ? url_escaped(value) : value;
    }
    if (out.size() > limit) return "";
  }
  return out;
}

}  // namespace futar::spf
