#include "deploy/futar/backup/places.h"

#include "common/base/text.h"

namespace futar::backup {

bool is_passing(std::string_view path) {
  const auto words = split(path, '/');
  const std::string_view name = words.back();
  const bool in_tmp = words.size() > 1 && words[words.size() - 2] == "tmp";
  const bool index = name.starts_with("dovecot.index") || name.starts_with("dovecot.list.index");
  return in_tmp || index || name.ends_with(".lock") || name.ends_with(".tmp");
}

std::string message_in(std::string_view path) {
  const auto words = split(path, '/');
  if (words.size() < 4) return {};
  const std::string_view folder = words[words.size() - 2], name = words.back();
  if (folder != "new" && folder != "cur") return {};
  return std::string(words[0]) + "/" + std::string(words[1]) + " " +
         std::string(name.substr(0, name.find(':')));
}

}  // namespace futar::backup
