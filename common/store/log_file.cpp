#include "common/store/log_file.h"

#include <fcntl.h>

#include <filesystem>

namespace futar::store {
namespace {

/// The log exists once somebody has looked into the database; its name must be durable before its content is.
Result<Fd> open_log(Database& database, const std::string& path) {
  TRY(database.execute("SELECT count(*) FROM sqlite_schema"));
  Fd log = TRY(open_file(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  TRY(sync_folder(std::filesystem::path(path).parent_path()));
  TRY(database.execute("PRAGMA synchronous = NORMAL"));
  return log;
}

}  // namespace

LogFile::LogFile(Database& database) : path_(database.path() + "-wal") {
  if (auto log = open_log(database, path_)) fd_ = std::move(*log);
}

Result<void> LogFile::sync() {
  if (!fd_.is_open()) return {};
  if (auto synced = sync_file(fd_, path_); !synced) return fail(Error::ours(synced.error().text));
  return {};
}

}  // namespace futar::store
