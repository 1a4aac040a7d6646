// Schema versions, the database's own small values, and the search for damage.
#include <sqlite3.h>

#include "common/base/clock.h"
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

Result<bool> check(Database& database, int64_t budget_ms) {
  struct Deadline {
    int64_t steady_ms;
    static int passed(void* self) {
      return system_clock().steady_ms() >= static_cast<Deadline*>(self)->steady_ms;
    }
  } deadline{system_clock().steady_ms() + budget_ms};
  constexpr int steps_between_looks = 1000;
  sqlite3_progress_handler(database.handle(), steps_between_looks, &Deadline::passed, &deadline);
  Statement statement = TRY(database.prepare("PRAGMA quick_check(1)"));
  const auto row = statement.step();
  sqlite3_progress_handler(database.handle(), 0, nullptr, nullptr);
  if (!row && system_clock().steady_ms() >= deadline.steady_ms) return false;
  if (!row) return fail(row.error());
  const std::string answer = statement.text(0);
  if (answer != "ok") return fail(Error::ours(database.path() + " is damaged: " + answer));
  return true;
}

}  // namespace futar::store
