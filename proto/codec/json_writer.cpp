#include "proto/codec/json_writer.h"

#include <algorithm>

#include "common/base/text.h"

namespace futar::proto {

namespace {

bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else {
      out += c;
    }
  }
}

}  // namespace

void JsonWriter::separate() {
  if (!first_) text_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  text_ += '"';
  text_ += name;
  text_ += "\":";
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  separate();
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  if (!std::ranges::all_of(value, is_plain) && !is_utf8(value))
    return open('{').key("b").text(base64_encode(value)).close('}');
  separate();
  text_ += '"';
  append_escaped(text_, value);
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::text_unless_empty(std::string_view name, std::string_view value) {
  return value.empty() ? *this : key(name).text(value);
}

JsonWriter& JsonWriter::flag_if(std::string_view name, bool value) {
  return value ? key(name).boolean(true) : *this;
}

}  // namespace futar::proto
