#include "mda/maildir/maildirsize.h"

#include <charconv>

#include <fmt/format.h>

#include "common/base/text.h"

namespace futar::mda {
namespace {

// "1000000S,100C", in any order; a part that we do not know is somebody's extension.
std::optional<uint64_t> parse_quota(std::string_view line) {
  uint64_t quota = 0;
  for (std::string_view part : split(line, ',')) {
    if (part.empty()) continue;
    const auto number = parse_number(part.substr(0, part.size() - 1));
    if (!number) return std::nullopt;
    if (part.back() == 'S') quota = *number;
  }
  return quota;
}

std::optional<int64_t> take_number(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

std::optional<Usage> parse_change(std::string_view line) {
  const auto octets = take_number(line);
  const auto messages = take_number(line);
  if (!octets || !messages || !trim(line).empty()) return std::nullopt;
  return Usage{*octets, *messages};
}

bool add(int64_t& sum, int64_t change) { return !__builtin_add_overflow(sum, change, &sum); }

}  // namespace

std::optional<SizeFile> parse_maildirsize(std::string_view text) {
  const auto end = text.rfind('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto lines = split(text.substr(0, end), '\n');
  const auto quota = parse_quota(lines.front());
  if (!quota) return std::nullopt;
  SizeFile file{*quota, {}, 0};
  for (size_t i = 1; i < lines.size(); ++i, ++file.changes) {
    const auto change = parse_change(lines[i]);
    if (!change || !add(file.sum.octets, change->octets) || !add(file.sum.messages, change->messages))
      return std::nullopt;
  }
  if (file.sum.octets < 0 || file.sum.messages < 0) return std::nullopt;
  return file;
}

std::string print_maildirsize(uint64_t quota, const Usage& usage) {
  return fmt::format("{}S\n{} {}\n", quota, usage.octets, usage.messages);
}

bool is_trusted(const SizeFile& file, uint64_t quota, uint64_t wanted, int64_t age_ms) {
  if (file.quota != quota) return false;
  if (quota == 0 || static_cast<uint64_t>(file.sum.octets) + wanted <= quota) return true;
  return file.changes <= 1 && age_ms >= 0 && age_ms < maildirsize_fresh_ms;
}

}  // namespace futar::mda
