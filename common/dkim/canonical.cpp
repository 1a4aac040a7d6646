#include "common/dkim/canonical.h"

#include "common/base/text.h"
#include "common/dkim/tags.h"

namespace futar::dkim {
namespace {

constexpr size_t buffer_size = 4096;
constexpr std::string_view crlf = "\r\n";

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with(crlf)) text.remove_suffix(2);
  return text;
}

std::string relaxed_field(std::string_view text) {
  const size_t colon = std::min(text.find(':'), text.size());
  std::string out = ascii_lower(trim(text.substr(0, colon)));
  out += ':';
  bool space = false;
  for (char c : trim(text.substr(std::min(colon + 1, text.size())))) {
    if (is_space(c)) {
      space = true;
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out += crlf;
}

// Octets at the start of text that both canonical forms take as they are.
size_t plain_octets(std::string_view text) {
  const auto is_plain = [](char c) { return c != '\r' && c != ' ' && c != '\t'; };
  return static_cast<size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
}

}  // namespace

std::string_view name(Canon canon) { return canon == Canon::simple ? "simple" : "relaxed"; }

std::optional<Canons> Canons::parse(std::string_view text) {
  const auto one = [](std::string_view word) -> std::optional<Canon> {
    if (word == "simple") return Canon::simple;
    if (word == "relaxed") return Canon::relaxed;
    return std::nullopt;
  };
  const auto words = split(text, '/');
  const auto header = one(words[0]);
  const auto body = words.size() > 1 ? one(words[1]) : Canon::simple;
  if (words.size() > 2 || !header || !body) return std::nullopt;
  return Canons{*header, *body};
}

std::string canonical_field(std::string_view text, Canon canon) {
  if (canon == Canon::relaxed) return relaxed_field(text);
  return std::string(without_line_end(text)) += crlf;
}

std::vector<const message::Field*> select_fields(std::span<const message::Field> fields,
                                                 std::span<const std::string> names,
                                                 const message::Field* own) {
  std::unordered_map<std::string, std::vector<const message::Field*>> by_name;
  for (const std::string& name : names) by_name[ascii_lower(name)];
  for (const message::Field& field : fields)
    if (const auto found = by_name.find(ascii_lower(field.name)); found != by_name.end() && &field != own)
      found->second.push_back(&field);
  std::vector<const message::Field*> selected;
  for (const std::string& name : names) {
    auto& left = by_name[ascii_lower(name)];
    if (left.empty()) continue;
    selected.push_back(left.back());
    left.pop_back();
  }
  return selected;
}

std::string HeaderHash::finish(std::string_view own) {
  std::string last = canonical_field(without_signature(own), canon_);
  hash_.add(without_line_end(last));
  return hash_.finish();
}

void BodyHash::add(std::string_view piece) {
  while (!piece.empty()) {
    const size_t plain = cr_ ? 0 : plain_octets(piece.substr(0, buffer_size));
    if (plain > 0) {
      begin_text();
      buffer_ += piece.substr(0, plain);
      piece.remove_prefix(plain);
      if (buffer_.size() >= buffer_size) flush();
      continue;
    }
    const char c = piece.front();
    piece.remove_prefix(1);
    if (cr_) {
      cr_ = false;
      if (c == '\n') {
        ++line_ends_;
        space_ = false;
        continue;
      }
      begin_text();
      buffer_ += '\r';
    }
    if (c == '\r') {
      cr_ = true;
    } else if (canon_ == Canon::relaxed && (c == ' ' || c == '\t')) {
      space_ = true;
    } else {
      begin_text();
      buffer_ += c;
      if (buffer_.size() >= buffer_size) flush();
    }
  }
}

// What was held back is inside the body after all.
void BodyHash::begin_text() {
  for (; line_ends_ > 0; --line_ends_) {
    buffer_ += crlf;
    if (buffer_.size() >= buffer_size) flush();
  }
  if (space_) buffer_ += ' ';
  space_ = false;
}

void BodyHash::flush() {
  put(buffer_);
  buffer_.clear();
}

void BodyHash::put(std::string_view octets) {
  const uint64_t left = limit_ ? *limit_ - std::min(*limit_, size_) : octets.size();
  hash_.add(octets.substr(0, std::min<uint64_t>(left, octets.size())));
  size_ += octets.size();
}

std::string BodyHash::finish() {
  if (cr_) {
    begin_text();
    buffer_ += '\r';
  }
  if (size_ > 0 || !buffer_.empty() || canon_ == Canon::simple) buffer_ += crlf;
  flush();
  return hash_.finish();
}

}  // namespace futar::dkim
