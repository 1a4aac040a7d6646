#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "common/directory/credentials.h"
#include "common/store/database.h"
#include "msa/login/made_keys.h"

namespace futar::msa {
namespace {

bool is_in_force(const directory::Credentials& credentials, const MadeKeys& made) {
  const auto credential = credentials.find(made.account);
  return credential && hex(crypto::sha256(credential->verifier)) == made.of;
}

}  // namespace

Result<std::vector<MadeKeys>> load_made_keys(store::Database& database,
                                             const directory::Credentials& credentials) {
  TRY(
      database.execute("CREATE TABLE IF NOT EXISTS made_keys(account TEXT PRIMARY KEY, of TEXT NOT NULL, "
                       "keys TEXT NOT NULL) WITHOUT ROWID"));
  std::vector<MadeKeys> good, gone;
  auto& select = *TRY(database.statement("SELECT account, of, keys FROM made_keys"));
  while (TRY(select.step())) {
    MadeKeys made{select.text(0), select.text(1), select.text(2)};
    (is_in_force(credentials, made) ? good : gone).push_back(std::move(made));
  }
  select.reset();
  for (const MadeKeys& made : gone) TRY(forget_made_keys(database, made.account));
  return good;
}

Result<void> forget_made_keys(store::Database& database, const std::string& account) {
  return TRY(database.statement("DELETE FROM made_keys WHERE account = ?1"))->bind(1, account).run();
}

Result<void> store_made_keys(store::Database& database, const MadeKeys& made) {
  auto& insert =
      *TRY(database.statement("INSERT OR REPLACE INTO made_keys(account, of, keys) VALUES(?1,?2,?3)"));
  return insert.bind(1, made.account).bind(2, made.of).bind(3, made.keys).run();
}

}  // namespace futar::msa
