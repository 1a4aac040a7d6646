#include "common/dmarc/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "common/base/text.h"

namespace futar::dmarc {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

/// A tag and its value without white space around; no '=': a tag without a name.
struct Tag {
  std::string_view name, value;
};

Tag tag_in(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {};
  return {trim(text.substr(0, equals)), trim(text.substr(equals + 1))};
}

class Tags {
 public:
  explicit Tags(std::string_view txt) {
    for (const auto part : split(txt, ';')) tags_.push_back(tag_in(part));
  }
  std::optional<std::string_view> find(std::string_view name) const {
    const auto tag = std::ranges::find_if(tags_, [&](const Tag& t) { return equal_nocase(t.name, name); });
    if (tag == tags_.end()) return std::nullopt;
    return tag->value;
  }

 private:
  std::vector<Tag> tags_;
};

// "!10m" behind a URI; none when it is something else.
std::optional<uint64_t> size_limit(std::string_view text) {
  uint64_t unit = 1;
  constexpr std::string_view units = "kmgt";
  if (!text.empty())
    if (const auto at = units.find(ascii_lower(text.back())); at != std::string_view::npos) {
      unit = uint64_t{1} << (10 * (at + 1));
      text.remove_suffix(1);
    }
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<uint64_t>::max() / unit) return std::nullopt;
  return *number * unit;
}

// RFC 3986 §3: a scheme, a colon, and only characters that a URI has. "!" and "," come encoded (§6.4).
bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || !is_alpha(text[0]))
    return false;
  const auto is_scheme = [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  const auto is_plain = [](char c) {
    return is_alpha(c) || is_digit(c) || std::string_view("-._~:/?#[]@$&'()*+;=%").contains(c);
  };
  return std::ranges::all_of(text.substr(0, colon), is_scheme) && std::ranges::all_of(text, is_plain);
}

std::vector<ReportUri> report_uris(std::string_view value) {
  std::vector<ReportUri> uris;
  for (std::string_view text : split(value, ',')) {
    text = trim(text);
    ReportUri uri;
    if (const auto mark = text.find('!'); mark != std::string_view::npos) {
      const auto limit = size_limit(text.substr(mark + 1));
      if (!limit) continue;
      uri.limit = *limit;
      text = text.substr(0, mark);
    }
    if (!is_uri(text)) continue;
    uri.uri = text;
    uris.push_back(std::move(uri));
  }
  return uris;
}

Alignment alignment(std::optional<std::string_view> value) {
  return value && equal_nocase(*value, "s") ? Alignment::strict : Alignment::relaxed;
}

int percent(std::optional<std::string_view> value) {
  const auto number = value && value->size() <= 3 ? parse_number(*value) : std::nullopt;
  return number && *number <= 100 ? static_cast<int>(*number) : 100;
}

}  // namespace

std::string_view name(Policy policy) {
  switch (policy) {
    case Policy::none:
      return "none";
    case Policy::quarantine:
      return "quarantine";
    case Policy::reject:
      return "reject";
  }
  return "";
}

std::optional<Policy> policy_of(std::string_view text) {
  for (const Policy policy : {Policy::none, Policy::quarantine, Policy::reject})
    if (equal_nocase(text, name(policy))) return policy;
  return std::nullopt;
}

bool is_record(std::string_view txt) {
  const Tag version = tag_in(txt.substr(0, txt.find(';')));
  return txt.starts_with('v') && version.name == "v" && version.value == "DMARC1";
}

Result<Record> parse_record(std::string_view txt) {
  if (!is_record(txt)) return fail(Error::permanent("no DMARC record: it does not begin with v=DMARC1"));
  const Tags tags(txt);
  Record record;
  if (const auto rua = tags.find("rua")) record.aggregate_reports = report_uris(*rua);
  const auto p = tags.find("p"), sp = tags.find("sp");
  const auto policy = p ? policy_of(*p) : std::nullopt;
  const auto subdomain_policy = sp ? policy_of(*sp) : std::nullopt;
  if (!policy || (sp && !subdomain_policy)) {
    if (!record.aggregate_reports.empty()) return record;
    return fail(Error::permanent(
        policy ? fmt::format("a DMARC record with an unknown policy: sp={}", printable(*sp, 40))
        : p    ? fmt::format("a DMARC record with an unknown policy: p={}", printable(*p, 40))
               : std::string("a DMARC record without a policy")));
  }
  record.policy = *policy;
  record.subdomain_policy = subdomain_policy;
  record.dkim = alignment(tags.find("adkim"));
  record.spf = alignment(tags.find("aspf"));
  record.percent = percent(tags.find("pct"));
  return record;
}

}  // namespace futar::dmarc
