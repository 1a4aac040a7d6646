#include "common/message/address_list.h"

#include "common/base/text.h"

namespace futar::message {
namespace {

constexpr std::string_view specials = "()<>[]:;@\\,.\"";

std::unexpected<Error> unreadable(std::string_view why) {
  return fail(Error::permanent("unreadable address list: " + std::string(why)));
}

struct Token {
  enum class Kind : uint8_t { word, quoted, literal, special, end };
  Kind kind = Kind::end;
  std::string_view text;  ///< as written, quotes and brackets included

  bool is(char c) const { return kind == Kind::special && text[0] == c; }
  bool is_word() const { return kind == Kind::word || kind == Kind::quoted; }
};

// RFC 5322 §3.2: atoms, quoted strings, literals and specials; comments and folding white space fall away.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<Token> next() {
    TRY(skip_space());
    if (text_.empty()) return Token{};
    const char c = text_[0];
    if (c == '"') return take(Token::Kind::quoted, TRY(enclosed('"')));
    if (c == '[') return take(Token::Kind::literal, TRY(enclosed(']')));
    if (specials.contains(c)) return take(Token::Kind::special, 1);
    size_t size = 0;
    while (size < text_.size() && !specials.contains(text_[size]) && !is_space(text_[size])) {
      if (is_control(text_[size])) return unreadable("a control character");
      ++size;
    }
    return take(Token::Kind::word, size);
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  static bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

  Token take(Token::Kind kind, size_t size) {
    const Token token{kind, text_.substr(0, size)};
    text_.remove_prefix(size);
    return token;
  }

  // The size of what stands from the opening octet to `close`, both included.
  Result<size_t> enclosed(char close) const {
    for (size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == close) return i + 1;
      if (text_[i] == '\\') ++i;
      if (i < text_.size() && is_control(text_[i]) && !is_space(text_[i])) break;
    }
    return unreadable("a quote or bracket without an end");
  }

  Result<void> skip_space() {
    size_t depth = 0, i = 0;
    for (; i < text_.size(); ++i) {
      const char c = text_[i];
      if (is_control(c) && !is_space(c)) return unreadable("a control character");
      if (c == '(') {
        ++depth;
      } else if (depth > 0) {
        if (c == ')') --depth;
        if (c == '\\') ++i;
      } else if (!is_space(c)) {
        break;
      }
    }
    if (depth > 0) return unreadable("a comment without an end");
    text_.remove_prefix(std::min(i, text_.size()));
    return {};
  }

  std::string_view text_;
};

class Parser {
 public:
  explicit Parser(std::string_view value) : lexer_(value) {}

  Result<std::vector<smtp::Address>> parse() {
    TRY(advance());
    TRY(parse_list());
    if (now_.kind != Token::Kind::end) return unreadable("an end of a group that was not begun");
    return std::move(addresses_);
  }

 private:
  Result<void> advance() {
    now_ = TRY(lexer_.next());
    return {};
  }

  // address-list, or group-list between ':' and ';'. Empty members are RFC 5322 §4.4.
  Result<void> parse_list() {
    while (now_.kind != Token::Kind::end && !now_.is(';')) {
      if (!now_.is(',')) TRY(parse_member());
      if (now_.kind == Token::Kind::end || now_.is(';')) break;
      if (!now_.is(',')) return unreadable("something behind an address");
      TRY(advance());
    }
    return {};
  }

  Result<void> parse_member() {
    // A phrase (with the dots of RFC 5322 §4.1), or the local part of a bare address: known at what follows.
    std::string local;
    size_t words = 0;
    bool dot_string = true;
    while (now_.is_word() || (now_.is('.') && words > 0)) {
      const bool joined = local.empty() || local.back() == '.' || now_.is('.');
      dot_string = dot_string && joined;
      local += now_.text;
      ++words;
      TRY(advance());
    }
    if (now_.is('<')) return parse_angle();
    if (now_.is(':') && words > 0 && !in_group_) return parse_group();
    if (words == 0 || !dot_string) return unreadable("words without an address");
    return parse_address(std::move(local));
  }

  Result<void> parse_group() {
    TRY(advance());
    in_group_ = true;
    TRY(parse_list());
    if (!now_.is(';')) return unreadable("a group without an end");
    in_group_ = false;
    return advance();
  }

  Result<void> parse_angle() {
    TRY(advance());
    std::string local;
    while (now_.is_word() || now_.is('.')) {
      if (!local.empty() && local.back() != '.' && !now_.is('.')) return unreadable("two words before an @");
      local += now_.text;
      TRY(advance());
    }
    TRY(parse_address(std::move(local)));
    if (!now_.is('>')) return unreadable("an angle bracket without an end");
    return advance();
  }

  // Behind a local part: @domain, or nothing.
  Result<void> parse_address(std::string local) {
    if (!now_.is('@')) {
      smtp::Address address = TRY(smtp::parse_address(local + "@unqualified"));
      address.domain.clear();
      addresses_.push_back(std::move(address));
      return {};
    }
    TRY(advance());
    std::string domain;
    while (now_.kind == Token::Kind::word || now_.kind == Token::Kind::literal || now_.is('.')) {
      if (!domain.empty() && domain.back() != '.' && !now_.is('.')) break;
      domain += now_.text;
      TRY(advance());
    }
    addresses_.push_back(TRY(smtp::parse_address(local + "@" + domain)));
    return {};
  }

  Lexer lexer_;
  Token now_;
  bool in_group_ = false;
  std::vector<smtp::Address> addresses_;
};

}  // namespace

Result<std::vector<smtp::Address>> parse_address_list(std::string_view value) {
  return Parser(value).parse();
}

Result<std::vector<smtp::Address>> addresses_of(std::span<const Field> fields, std::string_view name) {
  std::vector<smtp::Address> all;
  for (const Field& field : fields) {
    if (!field.is(name)) continue;
    const auto some = TRY(parse_address_list(field.value));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace futar::message
