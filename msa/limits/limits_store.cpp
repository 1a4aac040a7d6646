#include "msa/limits/limits_store.h"

namespace futar::msa {

Result<void> load_sent(
    store::Database& database, int64_t oldest,
    const std::function<void(const std::string& login, int64_t span, uint64_t recipients)>& each) {
  TRY(
      database.execute("CREATE TABLE IF NOT EXISTS sent(login TEXT NOT NULL, span INTEGER NOT NULL,"
                       " recipients INTEGER NOT NULL, PRIMARY KEY(login, span)) WITHOUT ROWID"));
  TRY(TRY(database.statement("DELETE FROM sent WHERE span < ?1"))->bind(1, oldest).run());
  auto& select = *TRY(database.statement("SELECT login, span, recipients FROM sent"));
  while (TRY(select.step()))
    each(select.text(0), select.integer(1), static_cast<uint64_t>(select.integer(2)));
  return {};
}

Result<void> store_sent(store::Database& database, const std::string& login, int64_t span,
                        uint64_t recipients) {
  auto& upsert =
      *TRY(database.statement("INSERT OR REPLACE INTO sent(login, span, recipients) VALUES(?1, ?2, ?3)"));
  return upsert.bind(1, login).bind(2, span).bind(3, static_cast<int64_t>(recipients)).run();
}

}  // namespace futar::msa
