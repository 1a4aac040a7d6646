#include "deploy/futar/backup/manifest.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::backup {
namespace {

constexpr std::string_view first_line = "futar-backup 1";

// A name in a Maildir may hold anything but a slash.
std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= 0x20 || octet == 0x7f || c == '%')
      out += fmt::format("%{:02x}", octet);
    else
      out += c;
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned octet = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 2, octet, 16).ptr == &text[i + 1] + 2) {
      out += static_cast<char>(octet);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool stays_inside(std::string_view path) {
  for (const std::string_view part : split(path, '/'))
    if (part.empty() || part == "." || part == "..") return false;
  return path.find('\0') == std::string_view::npos;
}

Error damaged(std::string_view how) {
  return Error::permanent(fmt::format("the manifest is damaged: {}", how));
}

std::optional<mode_t> mode_of(std::string_view octal) {
  unsigned mode = 0;
  const auto read = std::from_chars(octal.data(), octal.data() + octal.size(), mode, 8);
  return read.ptr == octal.data() + octal.size() ? std::optional(mode & 0777) : std::nullopt;
}

Result<Entry> entry_of(const std::vector<std::string_view>& words) {
  const auto size = parse_number(words[2]);
  const auto mode = mode_of(words[3]);
  Entry entry{unescaped(words[4]), size.value_or(0), std::string(words[1]), mode.value_or(0600)};
  if (!size || !mode || words[1].size() != 64) return fail(damaged(words[4]));
  if (!stays_inside(entry.path)) return fail(damaged("a path leads out of the backup"));
  return entry;
}

Result<void> take_line(Manifest& manifest, std::string_view line) {
  const auto words = split(line, ' ');
  if (words[0] == "file" && words.size() == 5)
    manifest.entries.push_back(TRY(entry_of(words)));
  else if (words[0] == "group" && words.size() == 2 && !manifest.entries.empty())
    manifest.entries.back().group = unescaped(words[1]);
  else if (words[0] == "folder_mode" && words.size() == 2 && !manifest.entries.empty())
    manifest.entries.back().folder_mode = mode_of(words[1]).value_or(0700);
  else if (words[0] == "version" && words.size() == 2)
    manifest.version = unescaped(words[1]);
  else if (words[0] == "hostname" && words.size() == 2)
    manifest.hostname = unescaped(words[1]);
  else if (words[0] == "taken_ms" && words.size() == 2)
    manifest.taken_ms = static_cast<int64_t>(parse_number(words[1]).value_or(0));
  else if (words[0] == "owner" && words.size() == 3)
    manifest.owners[unescaped(words[1])] = unescaped(words[2]);
  else if (words[0] == "outside" && words.size() == 3)
    manifest.outside[unescaped(words[1])] = unescaped(words[2]);
  return {};  // a later version may add lines
}

}  // namespace

std::string encode(const Manifest& manifest) {
  std::string text = fmt::format("{}\nversion {}\nhostname {}\ntaken_ms {}\n", first_line,
                                 escaped(manifest.version), escaped(manifest.hostname), manifest.taken_ms);
  for (const auto& [part, user] : manifest.owners)
    text += fmt::format("owner {} {}\n", escaped(part), escaped(user));
  for (const auto& [setting, path] : manifest.outside)
    text += fmt::format("outside {} {}\n", escaped(setting), escaped(path));
  for (const Entry& entry : manifest.entries) {
    text += fmt::format("file {} {} {:o} {}\n", entry.sha256, entry.size, entry.mode, escaped(entry.path));
    if (!entry.group.empty()) text += fmt::format("group {}\n", escaped(entry.group));
    if (entry.folder_mode != 0700) text += fmt::format("folder_mode {:o}\n", entry.folder_mode);
  }
  return text + fmt::format("end {}\n", hex(crypto::sha256(text)));
}

Result<Manifest> decode(std::string_view text) {
  const size_t end = text.rfind("\nend ");
  if (end == std::string_view::npos || !text.starts_with(first_line)) return fail(damaged("it has no end"));
  const std::string_view body = text.substr(0, end + 1);
  if (trim(text.substr(end + 5)) != hex(crypto::sha256(std::string(body))))
    return fail(damaged("its digest is another"));
  Manifest manifest;
  for (size_t at = 0; at < body.size();) {
    const std::string_view line = body.substr(at, body.find('\n', at) - at);
    TRY(take_line(manifest, line));
    at += line.size() + 1;
  }
  return manifest;
}

}  // namespace futar::backup
