#include "mta/queue/restored_store.h"

#include "mta/queue/queue_store.h"

namespace futar::mta {
namespace {

using store::Database;
using store::Statement;

constexpr char epoch_key[] = "delivery_epoch";

Result<std::vector<int64_t>> open_rows(Database& database) {
  Statement& s = *TRY(database.statement("SELECT id FROM recipient WHERE state <= 3 AND state <> 3"));
  s.reset();
  std::vector<int64_t> rows;
  while (TRY(s.step())) rows.push_back(s.integer(0));
  s.reset();
  return rows;
}

// Tries so far are no longer counted: nobody was there to see what became of them.
Result<void> ask_mda(Database& database, const Recipient& recipient, const std::string& reason) {
  Statement& s = *TRY(database.statement("UPDATE recipient SET due = 0, attempts = 0 WHERE id = ?"));
  TRY(s.bind(1, recipient.row).run());
  return set_wish(database, recipient.row, Wish::hold, reason);
}

Result<void> hold(Database& database, const Recipient& recipient, const std::string& reason, int64_t now_ms) {
  TRY(set_state(database, recipient, State::held, By::rule, 0, recipient.attempts, false, reason, ""));
  return spool::append_events(database, recipient.message,
                              {event::Event(now_ms, event::Kind::held)
                                   .with(event::Field::recipient, recipient.address.text())
                                   .with(event::Field::cause, reason)});
}

}  // namespace

Result<int64_t> delivery_epoch(Database& database) {
  const auto epoch = TRY(store::get_meta(database, epoch_key));
  return epoch ? std::stoll(*epoch) : 1;
}

Result<void> adopt_restored(Database& database, const store::Restored& restored) {
  TRY(store::set_meta(database, epoch_key, std::to_string(TRY(delivery_epoch(database)) + 1)));
  const std::string reason = store::restored_reason(restored);
  Statement& mark =
      *TRY(database.statement("UPDATE message SET hold_reason = ?1 WHERE key IN (SELECT message FROM "
                              "recipient WHERE state <= 3 UNION "
                              "SELECT message FROM recipient WHERE dsn_due <> 0)"));
  TRY(mark.bind(1, reason).run());
  for (const int64_t row : TRY(open_rows(database))) {
    const auto recipient = TRY(load_recipient(database, row));
    if (!recipient) continue;
    if (recipient->destination == 0)
      TRY(ask_mda(database, *recipient, reason));
    else
      TRY(hold(database, *recipient, reason, restored.put_back_ms));
  }
  return {};
}

Result<std::string> restored_reason_of(Database& database, int64_t message) {
  Statement& s = *TRY(database.statement("SELECT hold_reason FROM message WHERE key = ?"));
  std::string reason = TRY(s.bind(1, message).step()) ? s.text(0) : "";
  s.reset();
  return store::is_restored_reason(reason) ? reason : "";
}

Result<void> forget_restored(Database& database, int64_t message) {
  Statement& s = *TRY(database.statement("UPDATE message SET hold_reason = NULL WHERE key = ?"));
  return s.bind(1, message).run();
}

}  // namespace futar::mta
