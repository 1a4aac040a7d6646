#include "mda/maildir/path.h"

#include <fmt/format.h>

#include "common/base/text.h"

namespace futar::mda {
namespace {

constexpr size_t longest_name = 255;  // NAME_MAX of every file system that holds Maildirs

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string path_component(std::string_view name) {
  std::string component;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (is_control(c) || c == '/' || c == '%' || (c == '.' && i == 0))
      component += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else
      component += c;
  }
  return component.empty() ? "%" : component;
}

Result<MailboxPath> mailbox_path(std::string_view account) {
  const auto at = account.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == account.size())
    return fail(Error::permanent("no account's address: " + printable(account)));
  MailboxPath path{path_component(account.substr(at + 1)), path_component(account.substr(0, at))};
  if (path.domain.size() > longest_name || path.user.size() > longest_name)
    return fail(Error::permanent("too long for a file name: " + printable(account)));
  return path;
}

Result<std::string> folder_path(std::string_view folder) {
  if (folder == "INBOX") return std::string();
  std::string path;
  for (std::string_view part : split(folder, '/')) {
    bool bad = part.empty() || part.find('.') != std::string_view::npos;
    for (char c : part) bad |= is_control(c);
    if (bad) return fail(Error::permanent("no folder's name: " + printable(folder)));
    path += '.';
    path += part;
  }
  if (path.size() > longest_name) return fail(Error::permanent("folder name too long: " + printable(folder)));
  return path;
}

std::string unique_name(int64_t wall_us, int64_t row, const MessageId& id, std::string_view host) {
  std::string safe_host(host.substr(0, 64));
  for (char& c : safe_host)
    if (is_control(c) || c == '/' || c == ':' || c == ',') c = '_';
  return fmt::format("{}.M{}R{}I{}.{}", wall_us / 1'000'000, wall_us % 1'000'000, row, id.text(), safe_host);
}

std::string with_sizes(std::string_view unique, const FileSizes& sizes) {
  return fmt::format("{},S={},W={}", unique, sizes.physical, sizes.virtual_);
}

std::string_view sizes_part(std::string_view file_name) {
  const auto at = file_name.find(",S=");
  return at == std::string_view::npos ? std::string_view() : file_name.substr(at);
}

int64_t physical_size(std::string_view file_name) {
  const std::string_view sizes = sizes_part(file_name);
  if (sizes.empty()) return -1;
  std::string_view digits = sizes.substr(3);
  digits = digits.substr(0, digits.find_first_of(",:"));
  const auto octets = parse_number(digits);
  return octets && *octets <= INT64_MAX ? static_cast<int64_t>(*octets) : -1;
}

}  // namespace futar::mda
