#include "mta/queue/repair_store.h"

#include "mta/queue/destination_store.h"
#include "mta/queue/queue_store.h"
#include "mta/queue/signed_store.h"

namespace futar::mta {
namespace {

using store::Database;
using store::Statement;

constexpr char without_content[] =
    "SELECT r.id FROM recipient r JOIN message m ON m.key = r.message WHERE r.state = 1 AND (m.header IS "
    "NULL OR "
    "(m.file IS NULL AND m.size > 0 AND NOT EXISTS(SELECT 1 FROM content c WHERE c.key = m.key)))";
constexpr char of_file[] =
    "SELECT r.id FROM message m JOIN recipient r ON r.message = m.key WHERE m.file = ? AND r.state = 1";
constexpr char in_no_state[] = "SELECT id FROM recipient WHERE state < 1 OR state > 11";
constexpr char at_no_destination[] =
    "SELECT r.id FROM recipient r WHERE r.state = 1 AND r.destination IS NOT NULL AND NOT EXISTS(SELECT 1 "
    "FROM "
    "destination d WHERE d.key = r.destination)";
constexpr char ended_with_content[] =
    "SELECT m.key FROM message m WHERE m.header IS NOT NULL AND EXISTS(SELECT 1 FROM recipient r WHERE "
    "r.message "
    "= m.key) AND NOT EXISTS(SELECT 1 FROM recipient r WHERE r.message = m.key AND (r.state NOT BETWEEN 4 "
    "AND 11 "
    "OR r.dsn_due <> 0))";

Result<std::vector<int64_t>> numbers(Statement& s) {
  std::vector<int64_t> found;
  while (TRY(s.step())) found.push_back(s.integer(0));
  s.reset();
  return found;
}

Result<std::vector<int64_t>> numbers(Database& database, const char* sql) {
  Statement& s = *TRY(database.statement(sql));
  s.reset();
  return numbers(s);
}

class Repair {
 public:
  Repair(Database& database, const std::string& by, int64_t now_ms)
      : database_(database), by_(by), now_ms_(now_ms) {}

  Result<void> hold(const std::vector<int64_t>& rows) {
    for (const int64_t row : rows) {
      const auto recipient = TRY(load_recipient(database_, row));
      if (!recipient || recipient->state != State::waiting) continue;
      TRY(set_state(database_, *recipient, State::held, By::rule, 0, recipient->attempts, recipient->offered,
                    fmt::format("its content is missing (audit --repair by {})", by_), "4.3.0"));
      TRY(tell(*recipient, "held, since its content is missing"));
    }
    return {};
  }

  Result<void> schedule(const std::vector<int64_t>& rows, bool without_state) {
    for (const int64_t row : rows) {
      auto recipient = TRY(load_recipient(database_, row));
      if (!recipient) continue;
      if (without_state) TRY(set_waiting(row));
      if (recipient->destination != 0) TRY(find_destination_of(*recipient));
      TRY(tell(*recipient, without_state ? "it was in no legal state: scheduled"
                                         : "it waited for a destination that was not there: scheduled"));
    }
    return {};
  }

  Result<void> clear(const std::vector<int64_t>& messages) {
    for (const int64_t key : messages) {
      if (std::string file = TRY(clear_message(database_, key)); !file.empty())
        repaired.files.push_back(std::move(file));
      TRY(tell(key, "it had ended: its content was removed"));
      repaired.done.push_back(fmt::format("message {} had ended: its content was removed", key));
    }
    return {};
  }

  spool::Repaired repaired;

 private:
  Result<void> set_waiting(int64_t row) {
    Statement& s =
        *TRY(database_.statement("UPDATE recipient SET state = 1, due = CASE WHEN destination IS NULL THEN 0 "
                                 "ELSE ?1 END WHERE id = ?2"));
    return s.bind(1, now_ms_).bind(2, row).run();
  }

  // By its domain; a start with a smart host plans it again (replan.h).
  Result<void> find_destination_of(const Recipient& recipient) {
    const int64_t key = TRY(load_destination(database_, recipient.destination)).key;
    if (key != 0) return {};
    const int64_t made = TRY(destination_key(database_, recipient.target.domain));
    TRY(set_destination(database_, recipient.row, made, ChosenBy::config));
    return make_due_anew(database_, recipient.row, "scheduled by audit --repair", now_ms_);
  }

  Result<void> tell(const Recipient& recipient, const std::string& what) {
    repaired.done.push_back(
        fmt::format("recipient {} ({}): {}", recipient.row, recipient.address.text(), what));
    return tell(recipient.message, fmt::format("{}: {}", recipient.address.text(), what));
  }
  Result<void> tell(int64_t message, const std::string& what) {
    return spool::append_events(database_, message,
                                {event::Event(now_ms_, event::Kind::repaired)
                                     .with(event::Field::what, what)
                                     .with(event::Field::by, by_)});
  }

  Database& database_;
  const std::string& by_;
  int64_t now_ms_;
};

}  // namespace

Result<spool::Repaired> repair_queue(Database& database, const std::vector<std::string>& missing,
                                     const std::string& by, int64_t now_ms) {
  Repair repair(database, by, now_ms);
  TRY(repair.schedule(TRY(numbers(database, in_no_state)), true));
  TRY(repair.schedule(TRY(numbers(database, at_no_destination)), false));
  TRY(repair.hold(TRY(numbers(database, without_content))));
  for (const std::string& file : missing) {
    Statement& s = *TRY(database.statement(of_file));
    TRY(repair.hold(TRY(numbers(s.bind(1, file)))));
  }
  TRY(repair.clear(TRY(numbers(database, ended_with_content))));
  return std::move(repair.repaired);
}

}  // namespace futar::mta
