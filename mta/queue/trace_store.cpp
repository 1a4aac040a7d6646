#include "mta/queue/trace_store.h"

#include "common/base/text.h"
#include "common/spool/message_store.h"
#include "mta/queue/operator.h"
#include "mta/queue/queue_store.h"

namespace futar::mta {

using store::Database;
using store::Statement;

namespace {

Result<int64_t> number(Database& database, const char* sql) {
  Statement& s = *TRY(database.statement(sql));
  const int64_t value = TRY(s.step()) ? s.integer(0) : 0;
  s.reset();
  return value;
}

}  // namespace

Result<std::vector<Traced>> find_traced(Database& database, const spool::TraceQuery& query, size_t limit) {
  std::vector<Traced> found;
  std::vector<spool::Summary> candidates;
  if (auto id = MessageId::parse(query.what)) {
    if (const auto key = TRY(spool::find_message(database, *id)))
      if (auto summary = TRY(spool::load_summary(database, *key))) candidates.push_back(*std::move(summary));
  } else {
    candidates = TRY(spool::find_summaries(
        database, query.since_ms, query.is_by_id() ? limit : 100'000,
        [&](const spool::Summary& s) { return !query.is_by_id() || spool::matches_id(s.id, query.what); }));
  }
  for (spool::Summary& summary : candidates) {
    if (found.size() == limit) break;
    Traced traced{std::move(summary), {}, {}};
    traced.recipients = TRY(load_recipients(database, traced.summary.key));
    traced.events = spool::load_events(database, traced.summary.key).value_or(std::vector<event::Event>{});
    std::vector<smtp::Address> addresses;
    for (const Recipient& recipient : traced.recipients) addresses.push_back(recipient.address);
    if (query.is_for(traced.summary, traced.events, addresses)) found.push_back(std::move(traced));
  }
  return found;
}

Result<Census> take_census(Database& database) {
  Census census;
  census.messages = TRY(number(database, "SELECT count(*) FROM message"));
  // What was accepted stands in the message row, so that a lost recipient row shows.
  census.accepted = TRY(number(database, "SELECT coalesce(sum(recipients), 0) FROM message"));
  Statement& s = *TRY(database.statement("SELECT state, parent <> 0, count(*) FROM recipient GROUP BY 1, 2"));
  while (TRY(s.step())) {
    const auto state = static_cast<State>(s.integer(0));
    const int64_t count = s.integer(2);
    if (s.integer(1)) census.added += count;
    (state == State::waiting     ? census.waiting
     : state == State::in_flight ? census.in_flight
     : state == State::held      ? census.held
                                 : census.terminal) += count;
  }
  s.reset();
  census.oldest_ms = TRY(number(database,
                                "SELECT accepted_ms FROM message WHERE key = (SELECT message FROM recipient "
                                "WHERE state <= 3 ORDER BY id LIMIT 1)"));
  return census;
}

namespace {

struct Check {
  const char* sql;       ///< gives a number (message key or recipient row) a fault
  const char* sentence;  ///< with {} for it
};

constexpr Check checks[] = {
    {"SELECT r.id FROM recipient r WHERE NOT EXISTS(SELECT 1 FROM message m WHERE m.key = r.message) LIMIT "
     "100",
     "recipient {} belongs to no message"},
    {"SELECT m.key FROM message m WHERE m.recipients <> (SELECT count(*) FROM recipient r WHERE r.message = "
     "m.key AND r.parent = 0) LIMIT 100",
     "message {} has not as many recipients as it was accepted with"},
    {"SELECT r.id FROM recipient r JOIN message m ON m.key = r.message WHERE r.state <= 3 AND m.header IS "
     "NULL LIMIT 100",
     "recipient {} is open, but the content of its message is gone"},
    // One pass over the children, not a search for each alias.
    {"SELECT id FROM recipient WHERE state = 8 AND id NOT IN (SELECT parent FROM recipient WHERE parent <> "
     "0) "
     "LIMIT 100",
     "recipient {} was expanded into nobody"},
    {"SELECT recipient FROM dsn WHERE id IS NULL AND rule IS NULL LIMIT 100",
     "a notification about recipient {} is neither sent nor suppressed"},
    {"SELECT d.recipient FROM dsn d WHERE d.id IS NOT NULL AND NOT EXISTS(SELECT 1 FROM message m WHERE m.id "
     "= d.id) LIMIT 100",
     "the notification about recipient {} is not in the queue's history"},
    {"SELECT r.id FROM recipient r WHERE r.state > 11 OR r.state < 1 LIMIT 100",
     "recipient {} is in no legal state"},
    {"SELECT m.key FROM message m WHERE m.header IS NOT NULL AND NOT EXISTS(SELECT 1 FROM recipient r WHERE "
     "r.message = m.key AND (r.state <= 3 OR r.dsn_due <> 0)) LIMIT 100",
     "message {} has ended, but its content is still here"},
    {"SELECT m.key FROM message m WHERE m.header IS NOT NULL AND m.file IS NULL AND m.size > 0 AND NOT "
     "EXISTS("
     "SELECT 1 FROM content c WHERE c.key = m.key) LIMIT 100",
     "the body of message {} is missing"},
    {"SELECT c.key FROM content c WHERE NOT EXISTS(SELECT 1 FROM message m WHERE m.key = c.key) LIMIT 100",
     "the body {} belongs to no message"},
    {"SELECT r.id FROM recipient r WHERE r.parent <> 0 AND NOT EXISTS(SELECT 1 FROM recipient p WHERE p.id = "
     "r.parent AND p.message = r.message) LIMIT 100",
     "recipient {} was added in place of one that is not there"},
    {"SELECT r.id FROM recipient r WHERE r.state = 1 AND r.destination IS NOT NULL AND NOT EXISTS(SELECT 1 "
     "FROM "
     "destination d WHERE d.key = r.destination) LIMIT 100",
     "recipient {} waits for a destination that is not there"},
    {"SELECT r.id FROM recipient r WHERE r.dsn_told <> (SELECT coalesce(sum(d.kind), 0) FROM dsn d WHERE "
     "d.recipient = r.id) LIMIT 100",
     "what was told about recipient {} is not what stands in its history"},
};

}  // namespace

Result<std::vector<std::string>> find_problems(Database& database) {
  std::vector<std::string> problems;
  for (const Check& check : checks) {
    Statement& s = *TRY(database.statement(check.sql));
    while (TRY(s.step())) problems.push_back(fmt::format(fmt::runtime(check.sentence), s.integer(0)));
    s.reset();
  }
  for (int64_t key : TRY(spool::damaged_messages(database, 100)))
    problems.push_back(fmt::format("the row of message {} is damaged", key));
  return problems;
}

}  // namespace futar::mta
