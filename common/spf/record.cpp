#include "common/spf/record.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"

namespace futar::spf {

namespace {

using Kind = Mechanism::Kind;

constexpr std::string_view version = "v=spf1";
constexpr std::pair<std::string_view, Kind> kinds[] = {
    {"all", Kind::all}, {"include", Kind::include}, {"a", Kind::a},     {"mx", Kind::mx},
    {"ptr", Kind::ptr}, {"ip4", Kind::ip4},         {"ip6", Kind::ip6}, {"exists", Kind::exists}};
constexpr std::pair<char, Outcome> qualifiers[] = {
    {'+', Outcome::pass}, {'-', Outcome::fail}, {'~', Outcome::softfail}, {'?', Outcome::neutral}};

std::unexpected<Error> bad(std::string why) { return fail(Error::permanent(std::move(why))); }

// A prefix length of §5.6, without leading zeros, taken off the end of `text` with the slashes before it.
Result<std::optional<int>> take_prefix(std::string_view& text, std::string_view slashes, int most) {
  const size_t digits = text.find_last_not_of("0123456789") + 1;  // of npos: 0
  const std::string_view number = text.substr(digits);
  const std::string_view before = text.substr(0, digits);
  if (number.empty() || !before.ends_with(slashes)) return std::nullopt;
  const auto value = parse_number(number);
  if (!value || *value > static_cast<uint64_t>(most) || (number[0] == '0' && number.size() > 1))
    return bad("prefix length out of range");
  text = before.substr(0, before.size() - slashes.size());
  return static_cast<int>(*value);
}

// [ ip4-cidr-length ] [ "/" ip6-cidr-length ] of §5.3.
Result<void> take_dual_prefix(std::string_view& text, Mechanism& mechanism) {
  if (const auto six = TRY(take_prefix(text, "//", 128))) mechanism.prefix6 = *six;
  if (const auto four = TRY(take_prefix(text, "/", 32))) mechanism.prefix4 = *four;
  return {};
}

// ip4-network and ip6-network of §5.6, as octets: an IPv4-mapped one stays IPv6, which no IPv4 client is in.
Result<void> parse_network(std::string_view text, Mechanism& mechanism) {
  const bool four = mechanism.kind == Kind::ip4;
  if (const auto prefix = TRY(take_prefix(text, "/", four ? 32 : 128)))
    (four ? mechanism.prefix4 : mechanism.prefix6) = *prefix;
  char octets[16];
  if (text.size() > 45 || inet_pton(four ? AF_INET : AF_INET6, std::string(text).c_str(), octets) != 1)
    return bad("no such address");
  mechanism.network.assign(octets, four ? 4 : 16);
  return {};
}

// What follows the name: begins with ":" or "/", or is empty.
Result<void> parse_argument(std::string_view text, Mechanism& mechanism) {
  const bool needs_one = mechanism.kind == Kind::include || mechanism.kind == Kind::exists;
  if (mechanism.kind == Kind::all && !text.empty()) return bad("\"all\" takes nothing");
  if (mechanism.kind == Kind::ip4 || mechanism.kind == Kind::ip6) {
    if (!text.starts_with(':')) return bad("an address is missing");
    return parse_network(text.substr(1), mechanism);
  }
  if (mechanism.kind == Kind::a || mechanism.kind == Kind::mx) TRY(take_dual_prefix(text, mechanism));
  if (text.empty()) {
    if (needs_one) return bad("a domain is missing");
    return {};
  }
  if (!text.starts_with(':')) return bad("a domain or a prefix length is expected");
  mechanism.domain = TRY(parse_domain_spec(text.substr(1)));
  return {};
}

Result<Mechanism> parse_mechanism(std::string_view text) {
  Mechanism mechanism;
  mechanism.text = text;
  const auto* qualifier = std::ranges::find(qualifiers, text[0], &std::pair<char, Outcome>::first);
  if (qualifier != std::end(qualifiers)) {
    mechanism.outcome = qualifier->second;
    text.remove_prefix(1);
  }
  const std::string word = ascii_lower(text.substr(0, text.find_first_of(":/")));
  const auto* kind =
      std::ranges::find(kinds, std::string_view(word), &std::pair<std::string_view, Kind>::first);
  if (kind == std::end(kinds)) return bad("unknown mechanism");
  mechanism.kind = kind->second;
  TRY(parse_argument(text.substr(word.size()), mechanism));
  return mechanism;
}

// name of §4.6.1.
bool is_modifier_name(std::string_view text) {
  const auto alpha = [](char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; };
  return !text.empty() && alpha(text[0]) && std::ranges::all_of(text, [&](char c) {
    return alpha(c) || (c >= '0' && c <= '9') || std::string_view("-_.").contains(c);
  });
}

Result<void> parse_modifier(std::string_view word, std::string_view value, Record& record) {
  if (!is_modifier_name(word)) return bad("no name of a modifier");
  const bool redirect = equal_nocase(word, "redirect");
  if (!redirect && !equal_nocase(word, "exp")) {
    TRY(parse_macro_string(value));
    return {};
  }
  auto& known = redirect ? record.redirect : record.exp;
  if (known) return bad("it is there twice");
  known = TRY(parse_domain_spec(value));
  return {};
}

// §4.6.1: "=" right behind the name, before any ":" or "/", makes a modifier.
Result<void> parse_term(std::string_view term, Record& record) {
  const size_t end = term.find_first_of(":/=");
  if (end != term.npos && term[end] == '=')
    return parse_modifier(term.substr(0, end), term.substr(end + 1), record);
  record.mechanisms.push_back(TRY(parse_mechanism(term)));
  return {};
}

}  // namespace

std::string_view name(Kind kind) {
  return std::ranges::find(kinds, kind, &std::pair<std::string_view, Kind>::second)->first;
}

bool Mechanism::covers(const net::IpAddress& client, std::string_view own) const {
  const std::string_view octets = client.octets();
  if (octets.size() != own.size()) return false;
  const int prefix = client.is_v4() ? prefix4 : prefix6;
  const auto whole = static_cast<size_t>(prefix / 8);
  if (octets.substr(0, whole) != own.substr(0, whole)) return false;
  const int rest = prefix % 8;
  return rest == 0 || static_cast<uint8_t>(octets[whole] ^ own[whole]) >> (8 - rest) == 0;
}

bool is_record(std::string_view txt) {
  return starts_with_nocase(txt, version) && (txt.size() == version.size() || txt[version.size()] == ' ');
}

Result<Record> parse_record(std::string_view txt) {
  if (!is_record(txt)) return bad("no \"v=spf1\"");
  if (txt.size() > max_record) return bad(fmt::format("longer than {} octets", max_record));
  Record record;
  for (const std::string_view term : split(txt.substr(version.size()), ' ')) {
    if (term.empty()) continue;
    if (auto parsed = parse_term(term, record); !parsed)
      return bad(fmt::format("{} in \"{}\"", parsed.error().text, printable(term, 64)));
  }
  return record;
}

std::string allowed_in_words(const Record& record) {
  constexpr size_t most = 3;
  std::string words;
  size_t count = 0;
  for (const Mechanism& mechanism : record.mechanisms) {
    if (mechanism.outcome != Outcome::pass) continue;
    std::string_view text = mechanism.text;
    if (text.starts_with('+')) text.remove_prefix(1);
    if (++count <= most) words += (words.empty() ? "" : ", ") + printable(text, 80);
  }
  if (count > most) words += fmt::format(" and {} more", count - most);
  return words;
}

}  // namespace futar::spf
