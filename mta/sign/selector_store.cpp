#include "mta/sign/selector_store.h"

namespace futar::mta {

using store::Database;
using store::Statement;

Result<void> create_selector_tables(Database& database) {
  return database.execute(R"(
    CREATE TABLE IF NOT EXISTS selector(
      domain TEXT NOT NULL, selector TEXT NOT NULL, type INTEGER NOT NULL, record TEXT NOT NULL,
      standing INTEGER NOT NULL, made INTEGER NOT NULL, since INTEGER NOT NULL, looked INTEGER NOT NULL,
      seen TEXT NOT NULL, PRIMARY KEY(domain, selector)) WITHOUT ROWID;
  )");
}

Result<std::vector<Selector>> load_selectors(Database& database) {
  Statement& s = *TRY(database.statement(
      "SELECT domain, selector, type, record, standing, made, since, looked, seen FROM selector "
      "ORDER BY domain, made, selector DESC"));
  std::vector<Selector> all;
  while (TRY(s.step()))
    all.push_back({.domain = s.text(0),
                   .selector = s.text(1),
                   .type = static_cast<crypto::KeyType>(s.integer(2)),
                   .record = s.text(3),
                   .standing = static_cast<Standing>(s.integer(4)),
                   .made_ms = s.integer(5),
                   .since_ms = s.integer(6),
                   .looked_ms = s.integer(7),
                   .seen = s.text(8)});
  s.reset();
  return all;
}

Result<void> save_selector(Database& database, const Selector& selector) {
  return TRY(database.statement("INSERT OR REPLACE INTO selector(domain, selector, type, record, standing, "
                                "made, since, looked, seen) VALUES(?,?,?,?,?,?,?,?,?)"))
      ->bind(1, selector.domain)
      .bind(2, selector.selector)
      .bind(3, static_cast<int64_t>(selector.type))
      .bind(4, selector.record)
      .bind(5, static_cast<int64_t>(selector.standing))
      .bind(6, selector.made_ms)
      .bind(7, selector.since_ms)
      .bind(8, selector.looked_ms)
      .bind(9, selector.seen)
      .run();
}

}  // namespace futar::mta
