#include "mta/reports/report_store.h"

namespace futar::mta {

using store::Database;
using store::Statement;

Result<void> create_report_tables(Database& database) {
  return database.execute(R"(
    CREATE TABLE IF NOT EXISTS report(
      row INTEGER PRIMARY KEY, kind INTEGER NOT NULL, organisation TEXT NOT NULL, id TEXT NOT NULL,
      domain TEXT NOT NULL, begin_s INTEGER NOT NULL, end_s INTEGER NOT NULL, received INTEGER NOT NULL,
      successes INTEGER NOT NULL, failures INTEGER NOT NULL, details TEXT NOT NULL,
      UNIQUE(kind, organisation, id, domain));
    CREATE INDEX IF NOT EXISTS report_received ON report(received);
    CREATE INDEX IF NOT EXISTS report_end ON report(kind, end_s);
  )");
}

Result<bool> add_report(Database& database, const KeptReport& report, int64_t limit) {
  TRY(TRY(database.statement(
              "INSERT INTO report(kind, organisation, id, domain, begin_s, end_s, received, successes, "
              "failures, details) VALUES(?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"))
          ->bind(1, static_cast<int64_t>(report.kind))
          .bind(2, report.organisation)
          .bind(3, report.id)
          .bind(4, report.domain)
          .bind(5, report.begin_s)
          .bind(6, report.end_s)
          .bind(7, report.received_ms)
          .bind(8, static_cast<int64_t>(report.successes))
          .bind(9, static_cast<int64_t>(report.failures))
          .bind(10, report.details)
          .run());
  if (database.changes() == 0) return false;
  TRY(TRY(database.statement("DELETE FROM report WHERE received < ?"))
          ->bind(1, report.received_ms - report_kept_ms)
          .run());
  TRY(TRY(database.statement(
              "DELETE FROM report WHERE row <= (SELECT row FROM report ORDER BY row DESC LIMIT 1 OFFSET ?)"))
          ->bind(1, limit)
          .run());
  return true;
}

Result<std::vector<KeptReport>> find_reports(Database& database, KeptReport::Kind kind,
                                             const std::string& domain, int64_t since_s, int64_t limit) {
  Statement& s = *TRY(
      database.statement("SELECT organisation, id, domain, begin_s, end_s, received, successes, failures, "
                         "details FROM report WHERE kind = ? AND end_s > ? AND (? = '' OR domain = ?) "
                         "ORDER BY end_s DESC, row DESC LIMIT ?"));
  s.bind(1, static_cast<int64_t>(kind)).bind(2, since_s).bind(3, domain).bind(4, domain).bind(5, limit);
  std::vector<KeptReport> found;
  while (TRY(s.step()))
    found.push_back({kind, s.text(0), s.text(1), s.text(2), s.integer(3), s.integer(4), s.integer(5),
                     static_cast<uint64_t>(s.integer(6)), static_cast<uint64_t>(s.integer(7)), s.text(8)});
  s.reset();
  return found;
}

}  // namespace futar::mta
