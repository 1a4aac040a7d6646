#include "deploy/futar/foreign.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/config/units.h"

namespace futar::deploy {
namespace {

constexpr std::string_view blank = " \t\r\n";
constexpr auto none = std::string_view::npos;

struct Line {
  size_t number;
  std::string text;
};

// Lines without comments and empty ones; one that begins with a blank goes on with the one before.
std::vector<Line> logical_lines(std::string_view text, bool are_continued) {
  std::vector<Line> lines;
  size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    const auto words = trim(line);
    if (words.empty() || words.starts_with('#')) continue;
    if (are_continued && blank.contains(line[0]) && !lines.empty())
      lines.back().text.append(" ").append(words);
    else
      lines.push_back({number, std::string(words)});
  }
  return lines;
}

// Split at commas, and at blanks too where `at_blanks`, outside of double quotes.
std::vector<std::string> targets_of(std::string_view text, bool at_blanks) {
  std::vector<std::string> targets(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ',' || (at_blanks && blank.contains(c))))
      targets.emplace_back();
    else
      targets.back() += c;
  }
  for (std::string& target : targets) target = trim(target);
  std::erase(targets, "");
  return targets;
}

void leave(ForeignFile& file, size_t line, std::string_view words) {
  file.left.push_back(fmt::format("line {}: {}", line, printable(words)));
}

// "*:bytes=2G", "*:storage=500M"; storage without a unit counts KiB (Dovecot's quota documentation).
std::optional<uint64_t> quota_of(std::string_view rule) {
  for (const std::string_view unit : {"bytes=", "storage="}) {
    const auto at = rule.find(unit);
    if (!rule.starts_with("*:") || at == none) continue;
    const auto value = rule.substr(at + unit.size());
    const auto plain = parse_number(value);
    if (plain) return unit == "storage=" ? *plain * 1024 : *plain;
    if (const auto size = config::parse_size(value)) return *size;
  }
  return std::nullopt;
}

// Where Dovecot found the mailbox: mda has places of its own.
bool is_place(std::string_view field) {
  return std::ranges::any_of(
      std::array<std::string_view, 7>{"userdb_home", "userdb_mail", "userdb_uid", "userdb_gid", "home", "uid",
                                      "gid"},
      [&](std::string_view name) { return field == name || field.starts_with(fmt::format("{}=", name)); });
}

// user:password:uid:gid:gecos:home:shell:extra fields
void take_passwd_line(ForeignFile& file, const Line& line) {
  const auto fields = split(line.text, ':');
  if (fields.size() < 2 || fields[0].empty())
    return leave(file, line.number, "this is no user:password line");
  ForeignEntry entry{.line = line.number, .name = std::string(fields[0]), .password = std::string(fields[1])};
  std::string extra;  // its values may hold colons
  for (size_t i = 7; i < fields.size(); ++i) extra.append(i > 7 ? ":" : "").append(fields[i]);
  for (const std::string& field : targets_of(extra, true)) {
    constexpr std::string_view rule = "userdb_quota_rule=";
    if (field.starts_with(rule) && (entry.quota = quota_of(std::string_view(field).substr(rule.size()))))
      continue;
    if (!is_place(field)) leave(file, line.number, fmt::format("{}: {} is not taken", entry.name, field));
  }
  file.accounts.push_back(std::move(entry));
}

// key value...: the key ends at the first blank.
std::pair<std::string, std::string_view> key_and_value(std::string_view text) {
  const auto end = text.find_first_of(blank);
  return {std::string(text.substr(0, end)), end == none ? std::string_view{} : trim(text.substr(end))};
}

// `domain anything` declares a domain (virtual(5), "virtual alias domain").
bool is_domain_line(std::string_view key, std::string_view value) {
  return !key.contains('@') && key.contains('.') && !value.contains('@');
}

void take_virtual_line(ForeignFile& file, const Line& line) {
  const auto [key, value] = key_and_value(line.text);
  if (is_domain_line(key, value))
    file.domains.push_back({.line = line.number, .name = key});
  else if (value.empty())
    leave(file, line.number, key + " has no target");
  else if (key.starts_with('/') || key.starts_with("if ") || key.contains('^'))
    leave(file, line.number, "a pattern is not taken; write the addresses that it stands for");
  else
    file.aliases.push_back({.line = line.number, .name = key, .targets = targets_of(value, true)});
}

void take_mailbox_line(ForeignFile& file, const Line& line) {
  const auto [key, value] = key_and_value(line.text);
  if (is_domain_line(key, ""))
    file.domains.push_back({.line = line.number, .name = key});
  else if (key.starts_with('@'))
    leave(file, line.number,
          key + ": one mailbox for a whole domain is an alias here, futar alias add " + key);
  else
    file.accounts.push_back({.line = line.number, .name = key});
}

std::string_view unquoted(std::string_view name) {
  return name.size() > 1 && name.starts_with('"') && name.ends_with('"') ? name.substr(1, name.size() - 2)
                                                                         : name;
}

void take_alias_line(ForeignFile& file, const Line& line) {
  const auto colon = line.text.starts_with('"') ? line.text.find("\":") + 1 : line.text.find(':');
  if (colon == none || colon == 0) return leave(file, line.number, "this is no `name: target` line");
  const std::string name(unquoted(trim(std::string_view(line.text).substr(0, colon))));
  ForeignEntry entry{.line = line.number, .name = name};
  for (std::string& target : targets_of(std::string_view(line.text).substr(colon + 1), false)) {
    const std::string_view inner = unquoted(target);
    const auto no = [&](std::string_view why) {
      leave(file, line.number, fmt::format("{} -> {}: {}", name, target, why));
    };
    if (inner.starts_with('|'))
      no("mail is not piped into programs");
    else if (inner.starts_with('/') || inner.starts_with('~'))
      no("mail is not written into files");
    else if (starts_with_nocase(inner, ":include:"))
      no("lists in files are not read; name the addresses as targets");
    else if (inner.starts_with('\\'))
      no("a mailbox cannot keep a copy of what its alias passes on");
    else
      entry.targets.emplace_back(inner);
  }
  if (!entry.targets.empty()) file.aliases.push_back(std::move(entry));
}

// A colon before the first blank: a passwd-file, or aliases.
FileKind kind_with_colon(std::string_view line, size_t colon) {
  const auto rest = line.substr(colon + 1);
  if (rest.starts_with('{') || rest.starts_with('$')) return FileKind::passwd;
  return !rest.empty() && !blank.contains(rest[0]) && rest.contains(':') ? FileKind::passwd
                                                                         : FileKind::aliases;
}

bool is_toml(std::string_view line) {
  const auto equals = line.find('=');
  return line.starts_with('[') ||
         (equals != none && equals > 0 && trim(line.substr(0, equals)).find_first_of(": \t@{") == none);
}

}  // namespace

FileKind guess_kind(std::string_view text) {
  const auto lines = logical_lines(text, false);
  if (lines.empty()) return FileKind::aliases;
  const std::string_view line = lines.front().text;
  if (line.starts_with('{') || is_toml(line)) return FileKind::ours;
  const auto colon = line.find(':');
  const auto space = line.find_first_of(blank);
  if (colon != none && (space == none || colon < space || line.starts_with('"')))
    return kind_with_colon(line, colon);
  const auto value = key_and_value(line).second;
  return value.contains('/') && !value.contains('@') ? FileKind::mailboxes : FileKind::virtual_;
}

Result<FileKind> parse_kind(std::string_view word) {
  constexpr std::array names{"ours", "dovecot", "virtual", "mailboxes", "aliases"};
  for (size_t i = 0; i < names.size(); ++i)
    if (word == names[i]) return static_cast<FileKind>(i);
  return fail(Error::permanent("a format is ours, dovecot, virtual, mailboxes or aliases"));
}

ForeignFile parse_foreign(std::string_view text, FileKind kind) {
  ForeignFile file;
  for (const Line& line : logical_lines(text, kind != FileKind::passwd)) {
    if (kind == FileKind::passwd)
      take_passwd_line(file, line);
    else if (kind == FileKind::virtual_)
      take_virtual_line(file, line);
    else if (kind == FileKind::mailboxes)
      take_mailbox_line(file, line);
    else
      take_alias_line(file, line);
  }
  return file;
}

}  // namespace futar::deploy
