#include "common/dkim/tags.h"

#include "common/base/text.h"

namespace futar::dkim {
namespace {

constexpr size_t most_tags = 64;

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

bool is_tag_name(std::string_view name) {
  return !name.empty() && is_letter(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

Result<TagList> TagList::parse(std::string_view text) {
  if (!std::ranges::all_of(text, [](char c) { return is_space(c) || (c > ' ' && c < 0x7F); }))
    return fail(Error::permanent("a character outside printable ASCII"));
  TagList list;
  while (!trim(text).empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    const std::string_view tag = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = tag.find('=');
    if (equals == std::string_view::npos) return fail(Error::permanent("a tag without '='"));
    const std::string_view name = trim(tag.substr(0, equals));
    if (!is_tag_name(name)) return fail(Error::permanent("a malformed tag name"));
    // libopendkim takes "D=" for "d=": names that differ only in case are one name twice.
    if (std::ranges::any_of(list.tags_, [&](const Tag& seen) { return equal_nocase(seen.name, name); }))
      return fail(Error::permanent("tag " + printable(name, 20) + "= twice"));
    if (list.tags_.size() == most_tags) return fail(Error::permanent("too many tags"));
    list.tags_.push_back({name, trim(tag.substr(equals + 1))});
  }
  return list;
}

std::optional<std::string_view> TagList::get(std::string_view name) const {
  const auto tag = std::ranges::find(tags_, name, &Tag::name);
  return tag == tags_.end() ? std::nullopt : std::optional(tag->value);
}

std::string without_space(std::string_view value) {
  std::string kept;
  kept.reserve(value.size());
  for (char c : value)
    if (!is_space(c)) kept += c;
  return kept;
}

std::optional<std::string> decode_folded(std::string_view value) {
  std::string text = without_space(value);
  if (text.find('=') == std::string::npos) text.append((4 - text.size() % 4) % 4, '=');  // some leave it out
  return base64_decode(text);
}

std::vector<std::string_view> colon_list(std::string_view value) {
  auto parts = split(value, ':');
  for (std::string_view& part : parts) part = trim(part);
  return parts;
}

std::string without_signature(std::string_view field) {
  size_t at = field.find(':');
  at = at == std::string_view::npos ? field.size() : at + 1;
  while (at < field.size()) {
    const size_t end = std::min(field.find(';', at), field.size());
    const std::string_view tag = field.substr(at, end - at);
    const size_t equals = tag.find('=');
    if (equals != std::string_view::npos && trim(tag.substr(0, equals)) == "b") {
      std::string kept(field.substr(0, at + equals + 1));
      if (end < field.size()) return kept += field.substr(end);
      return field.ends_with("\r\n") ? kept += "\r\n" : kept;
    }
    at = end + 1;
  }
  return std::string(field);
}

}  // namespace futar::dkim
