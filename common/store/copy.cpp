#include "common/store/copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"

namespace futar::store {
namespace {

constexpr std::string_view reason_begins = "restored from backup of ";
constexpr char meta_key[] = "restored";

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

Error error_of(sqlite3* handle, const std::string& path) {
  const int code = sqlite3_extended_errcode(handle);
  std::string text = fmt::format("copy to {}: {} (SQLite {})", path, sqlite3_errmsg(handle), code);
  const int base = code & 0xff;
  if (base == SQLITE_FULL || base == SQLITE_BUSY || base == SQLITE_LOCKED || base == SQLITE_NOMEM)
    return Error::temporary(std::move(text));
  return Error::ours(std::move(text));
}

// The file is new and whole only when it was synced, so the copy needs no journal.
Result<Handle> open_copy(const std::string& path) {
  {
    const Fd made = TRY(open_file(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW));
  }
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Handle handle(opened);
  if (code != SQLITE_OK) return fail(error_of(handle.get(), path));
  if (sqlite3_exec(handle.get(), "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;", nullptr, nullptr,
                   nullptr) != SQLITE_OK)
    return fail(error_of(handle.get(), path));
  return handle;
}

Result<Restored> decode_restored(std::string_view text) {
  const auto parts = split(trim(text), ' ');
  const auto taken = parts.size() == 2 ? parse_number(parts[0]) : std::nullopt;
  const auto put_back = parts.size() == 2 ? parse_number(parts[1]) : std::nullopt;
  if (!taken || !put_back || *taken > INT64_MAX || *put_back > INT64_MAX)
    return fail(Error::ours(fmt::format("the file {} is damaged", restored_mark)));
  return Restored{static_cast<int64_t>(*taken), static_cast<int64_t>(*put_back)};
}

Result<void> remove_mark(const std::string& state_folder) {
  const std::string path = state_folder + "/" + restored_mark;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(errno_error(errno, "unlink " + path));
  return sync_folder(state_folder);
}

}  // namespace

Result<void> copy_database(Database& database, const std::string& path) {
  const Handle copy = TRY(open_copy(path));
  sqlite3_backup* backup = sqlite3_backup_init(copy.get(), "main", database.handle(), "main");
  if (!backup) return fail(error_of(copy.get(), path));
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) return fail(error_of(copy.get(), path));
  if (finished != SQLITE_OK) return fail(error_of(copy.get(), path));
  return sync_file(TRY(open_file(path, O_RDWR)), path);
}

std::string encode_restored(const Restored& restored) {
  return fmt::format("{} {}\n", restored.taken_ms, restored.put_back_ms);
}

std::string restored_reason(const Restored& restored) {
  const std::string to_the_second = rfc3339(restored.taken_ms).substr(0, 19);
  return fmt::format("{}{}Z, release when the old machine is surely gone", reason_begins, to_the_second);
}

bool is_restored_reason(std::string_view reason) { return reason.starts_with(reason_begins); }

Result<bool> adopt_restored(Database& database, const std::string& state_folder,
                            const std::function<Result<void>(Database&, const Restored&)>& adopt) {
  const std::string path = state_folder + "/" + restored_mark;
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return false;
  const Restored restored = TRY(decode_restored(TRY(read_file(path, 256))));
  const std::string told = encode_restored(restored);
  const bool is_new = TRY(get_meta(database, meta_key)) != told;
  if (is_new) {
    Transaction transaction = TRY(Transaction::begin(database));
    TRY(adopt(database, restored));
    TRY(set_meta(database, meta_key, told));
    TRY(transaction.commit());
  }
  TRY(remove_mark(state_folder));
  return is_new;
}

Result<int64_t> put_back_ms(Database& database) {
  const auto told = TRY(get_meta(database, meta_key));
  return told ? TRY(decode_restored(*told)).put_back_ms : 0;
}

}  // namespace futar::store
