#include "common/dkim/field_writer.h"

#include <fmt/ranges.h>

#include "common/base/text.h"

namespace futar::dkim {
namespace {

constexpr size_t widest = 78;

}  // namespace

void FieldWriter::word(std::string_view text, std::string_view gap) {
  if (line_ + gap.size() + text.size() > widest) {
    text_ += "\r\n\t";
    line_ = 8;  // as a tab shows
  } else {
    text_ += gap;
    line_ += gap.size();
  }
  text_ += text;
  line_ += text.size();
}

FieldWriter& FieldWriter::tag(std::string_view name, std::string_view value) {
  word(fmt::format("{}={};", name, value));
  return *this;
}

FieldWriter& FieldWriter::list(std::string_view name, std::span<const std::string> values) {
  std::string text = fmt::format("{}=", name);
  if (const std::string whole = fmt::format("{}{}", text, fmt::join(values, ":"));
      whole.size() + 9 <= widest) {
    word(whole + ";");
    return *this;
  }
  for (const std::string& value : values) {
    text += value;
    text += &value == &values.back() ? ';' : ':';
    word(text, &value == values.data() ? " " : "");
    text.clear();
  }
  return *this;
}

FieldWriter& FieldWriter::base64(std::string_view name, std::string_view octets) {
  return tag(name, base64_encode(octets));
}

std::string FieldWriter::signed_text(std::string_view signature) const {
  std::string text = unsigned_text();
  const std::string value = base64_encode(signature);
  constexpr size_t room = widest - 8;
  size_t taken = 2;  // "b="
  for (size_t at = 0; at < value.size(); taken = 0) {
    if (at > 0) text += "\r\n\t";
    const std::string part = value.substr(at, room - taken);
    text += part;
    at += part.size();
  }
  return text += "\r\n";
}

}  // namespace futar::dkim
