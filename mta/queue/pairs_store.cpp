#include "mta/queue/pairs_store.h"

namespace futar::mta {
namespace {

using spool::PairRange;
using spool::PairSink;
using store::Database;
using store::Statement;

Result<void> each(Statement& select, const PairSink& sink) {
  while (TRY(select.step())) {
    const auto id = MessageId::from_blob(select.blob(1));
    if (id) sink({select.integer(0), *id});
  }
  select.reset();
  return {};
}

}  // namespace

Result<void> taken_over(Database& database, std::string_view instance, PairRange range,
                        const PairSink& sink) {
  Statement& s = *TRY(database.statement(
      "SELECT DISTINCT sequence, id FROM seen WHERE peer = (SELECT key FROM peer WHERE instance = ?1) AND "
      "sequence BETWEEN ?2 AND ?3"));
  return each(s.bind(1, instance).bind(2, range.first).bind(3, range.last), sink);
}

Result<void> delivered_by_mda(Database& database, PairRange range, const PairSink& sink) {
  Statement& s =
      *TRY(database.statement("SELECT r.id, m.id FROM recipient r JOIN message m ON m.key = r.message WHERE "
                              "r.id BETWEEN ?1 AND ?2 AND "
                              "r.state = 4 AND r.destination IS NULL"));
  return each(s.bind(1, range.first).bind(2, range.last), sink);
}

Result<void> all_recipients(Database& database, PairRange range, const PairSink& sink) {
  Statement& s = *TRY(database.statement(
      "SELECT r.id, m.id FROM recipient r JOIN message m ON m.key = r.message WHERE r.id BETWEEN ?1 AND ?2"));
  return each(s.bind(1, range.first).bind(2, range.last), sink);
}

}  // namespace futar::mta
