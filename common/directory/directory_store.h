// directory.db: the private database behind `futar`. One process at a time.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "common/base/file.h"
#include "common/directory/records.h"

namespace futar::store {
class Database;
}

namespace futar::directory {

class DirectoryStore {
 public:
  /// Opens or makes FOLDER/directory.db and holds the folder's lock until the object goes; a second `futar`
  /// waits.
  static Result<std::unique_ptr<DirectoryStore>> open(const std::string& folder);
  ~DirectoryStore();

  Result<Records> read();
  /// Writes what differs from the last read() or save(), and counts the generation up; one durable
  /// transaction.
  Result<void> save(Records& records);
  /// Settings of the installation that no agent reads: "dovecot_group".
  Result<std::optional<std::string>> setting(std::string_view name);
  /// A copy of the whole, into a new file.
  Result<void> copy_to(const std::string& path);
  Result<void> set_setting(std::string_view name, std::string_view value);

 private:
  DirectoryStore();
  Fd lock_;
  std::unique_ptr<store::Database> database_;
  Records stored_;
};

}  // namespace futar::directory
