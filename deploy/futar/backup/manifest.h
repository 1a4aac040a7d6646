// What a backup holds, so that it can be told whether all of it is there. Pure.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::backup {

constexpr const char* manifest_file = "manifest";  ///< written last: without it a folder is no backup

struct Entry {
  std::string path;  ///< in the backup: "mta/spool/01kb..."
  uint64_t size = 0;
  std::string sha256;         ///< hexadecimal
  mode_t mode = 0600;         ///< of the file that it was made of
  std::string group = "";     ///< of that file, by name, where it was another than its folder's
  mode_t folder_mode = 0700;  ///< of the folder that it was in
};

struct Manifest {
  std::string version;  ///< of futar
  std::string hostname;
  int64_t taken_ms = 0;                        ///< when it began, wall clock
  std::map<std::string, std::string> owners;   ///< of the first folder of a path, by user name
  std::map<std::string, std::string> outside;  ///< setting -> path of a file that the config names
  std::vector<Entry> entries;
};

/// Lines of text; the last is a digest of all before it.
std::string encode(const Manifest& manifest);
/// Damage and what is cut off are permanent errors, and so is a path that leads out of the backup.
Result<Manifest> decode(std::string_view text);

}  // namespace futar::backup
