#include "mta/outbound/sts_store.h"

#include "common/base/clock.h"
#include "common/base/text.h"

namespace futar::mta {

using store::Database;
using store::Statement;

namespace {

constexpr int64_t kept_ms = 30LL * 24 * 3600 * 1000;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += text.empty() ? line : "\n" + line;
  return text;
}

}  // namespace

Result<void> create_sts_tables(Database& database) {
  return database.execute(R"(
    CREATE TABLE IF NOT EXISTS sts(
      domain TEXT PRIMARY KEY, id TEXT NOT NULL, mode TEXT NOT NULL, mx TEXT NOT NULL,
      max_age INTEGER NOT NULL, fetched INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS tls_result(
      day TEXT NOT NULL, domain TEXT NOT NULL, policy TEXT NOT NULL, result TEXT NOT NULL, sessions INTEGER NOT NULL,
      PRIMARY KEY(day, domain, policy, result)) WITHOUT ROWID;
  )");
}

Result<std::optional<StsPolicy>> load_sts(Database& database, const std::string& domain) {
  Statement& s = *TRY(database.statement("SELECT id, mode, mx, max_age, fetched FROM sts WHERE domain = ?"));
  s.bind(1, domain);
  if (!TRY(s.step())) return std::nullopt;
  StsPolicy policy;
  policy.id = s.text(0);
  const auto mode = sts_mode(s.text(1));
  const std::string patterns = s.text(2);
  policy.max_age_s = s.integer(3);
  policy.fetched_ms = s.integer(4);
  s.reset();
  if (!mode) return fail(Error::ours(database.path() + ": an MTA-STS policy without a mode"));
  policy.mode = *mode;
  if (!patterns.empty())
    for (const std::string_view pattern : split(patterns, '\n')) policy.mx.emplace_back(pattern);
  return policy;
}

Result<void> save_sts(Database& database, const std::string& domain, const StsPolicy& policy,
                      int64_t now_ms) {
  TRY(TRY(database.statement("DELETE FROM sts WHERE expires <= ?"))->bind(1, now_ms).run());
  return TRY(database.statement("INSERT OR REPLACE INTO sts(domain, id, mode, mx, max_age, fetched, expires) "
                                "VALUES(?,?,?,?,?,?,?)"))
      ->bind(1, domain)
      .bind(2, policy.id)
      .bind(3, name(policy.mode))
      .bind(4, joined(policy.mx))
      .bind(5, policy.max_age_s)
      .bind(6, policy.fetched_ms)
      .bind(7, policy.expires_ms())
      .run();
}

Result<void> add_tls_results(Database& database, const TlsResults& results, int64_t now_ms) {
  for (const auto& [key, sessions] : results)
    TRY(TRY(database.statement(
                "INSERT INTO tls_result(day, domain, policy, result, sessions) VALUES(?,?,?,?,?) "
                "ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions"))
            ->bind(1, key.day)
            .bind(2, key.domain)
            .bind(3, key.policy_type)
            .bind(4, key.result)
            .bind(5, static_cast<int64_t>(sessions))
            .run());
  return TRY(database.statement("DELETE FROM tls_result WHERE day < ?"))
      ->bind(1, rfc3339(now_ms - kept_ms).substr(0, 10))
      .run();
}

Result<TlsResults> tls_results(Database& database, const std::string& day) {
  Statement& s =
      *TRY(database.statement("SELECT domain, policy, result, sessions FROM tls_result WHERE day = ?"));
  s.bind(1, day);
  TlsResults results;
  while (TRY(s.step())) results[{day, s.text(0), s.text(1), s.text(2)}] = static_cast<uint64_t>(s.integer(3));
  s.reset();
  return results;
}

}  // namespace futar::mta
