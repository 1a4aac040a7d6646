#include "common/message/header.h"

#include "common/base/text.h"

namespace futar::message {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view first_line(std::string_view text) {
  const size_t lf = text.find('\n');
  return text.substr(0, lf == std::string_view::npos ? lf : lf + 1);
}

// The field name at the start of a line, with its white space, up to the colon; "" when the line is no field.
std::string_view name_before_colon(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && line[end] > ' ' && line[end] < 0x7F && line[end] != ':') ++end;
  const size_t name = end;
  while (end < line.size() && is_space(line[end])) ++end;
  return name > 0 && end < line.size() && line[end] == ':' ? line.substr(0, end) : std::string_view();
}

Field as_field(std::string_view text, size_t offset) {
  const std::string_view name = name_before_colon(text);
  Field field{.name = trim(name), .value = without_line_end(text), .text = text, .offset = offset};
  if (!name.empty()) field.value.remove_prefix(name.size() + 1);
  return field;
}

}  // namespace

bool Field::is(std::string_view other) const { return equal_nocase(name, other); }

std::vector<Field> split_header(std::string_view header) {
  std::vector<Field> fields;
  size_t at = 0;
  while (at < header.size()) {
    size_t size = first_line(header.substr(at)).size();
    if (without_line_end(header.substr(at, size)).empty()) break;
    while (at + size < header.size() && is_space(header[at + size]))
      size += first_line(header.substr(at + size)).size();
    fields.push_back(as_field(header.substr(at, size), at));
    at += size;
  }
  return fields;
}

const Field* find(std::span<const Field> fields, std::string_view name) {
  const auto field = std::ranges::find_if(fields, [&](const Field& f) { return f.is(name); });
  return field == fields.end() ? nullptr : &*field;
}

size_t count(std::span<const Field> fields, std::string_view name) {
  return static_cast<size_t>(std::ranges::count_if(fields, [&](const Field& f) { return f.is(name); }));
}

std::string unfold(std::string_view value) {
  std::string line;
  line.reserve(value.size());
  for (char c : trim(value))
    if (c != '\r' && c != '\n') line += c;
  return line;
}

size_t remove_fields(std::string& header, const std::function<bool(const Field&)>& doomed) {
  const std::string_view before = header;
  std::string kept;
  size_t at = 0, gone = 0;
  for (const Field& field : split_header(before)) {
    if (!doomed(field)) continue;
    kept += before.substr(at, field.offset - at);
    at = field.offset + field.text.size();
    ++gone;
  }
  if (gone > 0) header = kept += before.substr(at);
  return gone;
}

}  // namespace futar::message
