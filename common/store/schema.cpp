// Schema versions, the database's own small values, and the search for damage.
#include <sqlite3.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/base/text.h"
#include "common/store/database.h"

namespace futar::store {
namespace {

constexpr const char* create_meta =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";

Result<int64_t> stored_version(Database& database) {
  Statement statement = TRY(database.prepare("PRAGMA user_version"));
  TRY(statement.step());
  return statement.integer(0);
}

Result<void> refuse_unless_readable(Database& database, int64_t stored, int version) {
  const auto oldest = TRY(get_meta(database, "oldest_reader"));
  if (oldest && parse_number(*oldest).value_or(UINT64_MAX) <= static_cast<uint64_t>(version)) return {};
  return fail(
      Error::permanent(fmt::format("{} has schema {}, which a program of schema {} may not read ({} may)",
                                   database.path(), stored, version, oldest.value_or("?"))));
}

Result<void> migrate_one(Database& database, const Schema& schema, int from) {
  Transaction transaction = TRY(Transaction::begin(database));
  TRY(database.execute(create_meta));
  TRY(schema.migrate(database, from));
  TRY(set_meta(database, "oldest_reader", std::to_string(schema.oldest_reader)));
  TRY(database.execute(fmt::format("PRAGMA user_version = {}", from + 1).c_str()));
  return transaction.commit();
}

}  // namespace

Result<void> migrate(Database& database, const Schema& schema) {
  const int64_t stored = TRY(stored_version(database));
  if (stored > schema.version) return refuse_unless_readable(database, stored, schema.version);
  for (int from = static_cast<int>(stored); from < schema.version; ++from)
    TRY(migrate_one(database, schema, from));
  return {};
}

Result<std::optional<std::string>> get_meta(Database& database, std::string_view key) {
  Statement& select = *TRY(database.statement("SELECT value FROM meta WHERE key = ?1"));
  if (!TRY(select.bind(1, key).step())) return std::nullopt;
  std::string value = select.text(0);
  select.reset();
  return value;
}

Result<void> set_meta(Database& database, std::string_view key, std::string_view value) {
  Statement& upsert = *TRY(database.statement("INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)"));
  return upsert.bind(1, key).bind_blob(2, value).run();
}

// The handler of sqlite3_progress_handler is not called inside the b-tree part of the check, an interrupt is
// seen. One that comes before the first step is lost, so it is repeated.
Result<bool> check(Database& database, int64_t budget_ms) {
  Statement statement = TRY(database.prepare("PRAGMA quick_check(1)"));
  std::mutex mutex;
  std::condition_variable_any wake;
  std::jthread timer([&](const std::stop_token& done) {
    std::unique_lock lock(mutex);
    wake.wait_for(lock, done, std::chrono::milliseconds(budget_ms), [] { return false; });
    while (!done.stop_requested()) {
      sqlite3_interrupt(database.handle());
      wake.wait_for(lock, done, std::chrono::milliseconds(1), [] { return false; });
    }
  });
  const auto row = statement.step();
  timer.request_stop();
  timer.join();
  if (!row && row.error().kind == Error::Kind::temporary) {
    TRY(database.execute("SELECT 1"));  // takes the interrupt back, which would else stop the next checkpoint
    return false;
  }
  if (!row) return fail(row.error());
  const std::string answer = statement.text(0);
  if (answer != "ok") return fail(Error::ours(database.path() + " is damaged: " + answer));
  return true;
}

}  // namespace futar::store
