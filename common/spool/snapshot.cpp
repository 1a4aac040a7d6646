#include "common/spool/snapshot.h"

#include <filesystem>

#include "common/base/file.h"
#include "common/log/log.h"
#include "common/spool/summary_store.h"
#include "common/store/copy.h"

namespace futar::spool {

Snapshot::Snapshot(net::Loop& loop, std::string state_folder, std::string database, Folder* bodies)
    : loop_(loop),
      folder_(std::move(state_folder) + "/" + snapshot_folder),
      database_(std::move(database)),
      bodies_(bodies) {
  if (auto removed = remove(); !removed) log::warning("{}", removed.error().text);
}

Result<void> Snapshot::remove() const {
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  if (error) return fail(errno_error(error.value(), "remove " + folder_));
  return {};
}

// The first read fixes what the transaction sees; a body that goes after it is kept until it is linked.
Result<size_t> Snapshot::copy(store::Database& database, const std::function<void()>& pinned) const {
  const auto instance = store::get_meta(database, "instance");
  loop_.post(pinned);
  TRY(instance);
  TRY(remove());
  TRY(make_folders(folder_, 0700));
  TRY(store::copy_database(database, folder_ + "/" + database_));
  if (!bodies_) return 0;
  TRY(make_folders(folder_ + "/spool", 0700));
  const auto files = TRY(named_files(database));
  size_t linked = 0;
  for (const NamedFile& file : files) {
    const auto done = bodies_->link(file.name, folder_ + "/spool/" + file.name);
    if (!done && done.error().kind != Error::Kind::permanent) return fail(done.error());
    if (!done) log::error("not in the backup, see futar audit: {}", done.error().text);
    linked += done.has_value();
  }
  return linked;
}

Task<Result<size_t>> Snapshot::make(store::Reader& reader, std::function<void()> pinned) {
  if (std::exchange(busy_, true)) co_return fail(Error::temporary("another backup is being made"));
  if (bodies_) bodies_->keep_removed(true);
  auto files = std::make_shared<size_t>(0);
  const Result<void> copied = co_await reader.read(
      [this, files, pinned = std::move(pinned)](store::Database& database) -> Result<void> {
        *files = TRY(copy(database, pinned));
        return {};
      });
  if (bodies_) bodies_->keep_removed(false);
  busy_ = false;
  if (copied) co_return *files;
  std::ignore = co_await drop(reader);
  co_return fail(copied.error());
}

Task<Result<void>> Snapshot::drop(store::Reader& reader) {
  if (busy_) co_return fail(Error::temporary("a backup is being made"));
  co_return co_await reader.read([this](store::Database&) { return remove(); });
}

}  // namespace futar::spool
