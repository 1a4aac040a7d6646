#include "mta/queue/audit_store.h"

#include <unordered_map>

#include "common/spool/summary_store.h"
#include "mta/queue/retention_store.h"
#include "mta/queue/states.h"

namespace futar::mta {

using store::Database;
using store::Statement;

namespace {

/// What the recipients say of their message. Keys lie close together, so they are kept in pieces.
class PerMessage {
 public:
  struct Entry {
    uint32_t own = 0;      ///< recipients of the envelope
    bool touched = false;  ///< has any recipient
    bool needed = false;   ///< its content is
  };
  Entry& of(int64_t key) {
    if (key >> bits != newest_ || !piece_) {
      newest_ = key >> bits;
      piece_ = &pieces_[newest_];
      if (piece_->empty()) piece_->resize(size_t{1} << bits);
    }
    return (*piece_)[static_cast<size_t>(key) & ((size_t{1} << bits) - 1)];
  }

 private:
  static constexpr int bits = 12;
  std::unordered_map<int64_t, std::vector<Entry>> pieces_;
  int64_t newest_ = 0;
  std::vector<Entry>* piece_ = nullptr;
};

/// What a pass looks out for; the exact statement is asked only when there is something to name.
enum class Suspect : uint8_t { none, counts, content, state, body, childless, parent, told };

struct Pass {
  Census census;
  std::vector<Suspect> suspects{Suspect::none};  ///< what stands under none is always asked
  PerMessage messages;
  int64_t touched = 0;                                ///< messages with recipients
  std::vector<std::pair<int64_t, int64_t>> children;  ///< parent row, message
  std::vector<int64_t> expanded;                      ///< rows
  std::vector<std::pair<int64_t, int64_t>> told;      ///< row, kinds

  void suspect(Suspect what) { suspects.push_back(what); }
  bool suspects_any(Suspect what) const { return std::ranges::count(suspects, what) > 0; }
};

void count(Census& census, State state, bool is_child) {
  if (is_child) ++census.added;
  ++(state == State::waiting     ? census.waiting
     : state == State::in_flight ? census.in_flight
     : state == State::held      ? census.held
                                 : census.terminal);
}

Result<void> read_recipients(Database& database, Pass& pass) {
  Statement& s = *TRY(
      database.statement("SELECT id, message, state, parent, dsn_due, dsn_told FROM recipient ORDER BY id"));
  s.reset();
  while (TRY(s.step())) {
    const int64_t row = s.integer(0), message = s.integer(1), state = s.integer(2), parent = s.integer(3);
    count(pass.census, static_cast<State>(state), parent != 0);
    PerMessage::Entry& entry = pass.messages.of(message);
    pass.touched += !std::exchange(entry.touched, true);
    entry.own += parent == 0;
    entry.needed |= state <= static_cast<int64_t>(State::held) || s.integer(4) != 0;
    if (state < 1 || state > 11) pass.suspect(Suspect::state);
    if (parent != 0) pass.children.emplace_back(parent, message);
    if (state == static_cast<int64_t>(State::expanded)) pass.expanded.push_back(row);
    if (s.integer(5) != 0) pass.told.emplace_back(row, s.integer(5));
  }
  s.reset();
  return {};
}

// What was accepted stands in the message row, so that a lost recipient row shows.
Result<void> read_messages(Database& database, Pass& pass) {
  Statement& s = *TRY(database.statement(
      "SELECT key, recipients, header IS NULL, file IS NULL AND size > 0 FROM message ORDER BY key"));
  Statement& content = *TRY(database.statement("SELECT 1 FROM content WHERE key = ?"));
  s.reset();
  int64_t with_recipients = 0;
  while (TRY(s.step())) {
    const int64_t key = s.integer(0);
    const PerMessage::Entry& entry = pass.messages.of(key);
    ++pass.census.messages;
    pass.census.accepted += s.integer(1);
    with_recipients += entry.touched;
    if (s.integer(1) != entry.own) pass.suspect(Suspect::counts);
    if (s.integer(2) != 0) continue;
    if (!entry.needed) pass.suspect(Suspect::content);
    if (s.integer(3) != 0 && !TRY(content.bind(1, key).step())) pass.suspect(Suspect::body);
  }
  s.reset();
  content.reset();
  if (with_recipients != pass.touched) pass.suspect(Suspect::counts);
  return {};
}

// Each child's parent is there and of the same message; each that was expanded has a child.
Result<void> match_children(Database& database, Pass& pass) {
  std::ranges::sort(pass.children);
  Statement& s = *TRY(database.statement("SELECT message FROM recipient WHERE id = ?"));
  int64_t parent = 0, message = 0;
  std::vector<int64_t> parents;
  for (const auto& [of, in] : pass.children) {
    if (of != parent) {
      message = TRY(s.bind(1, of).step()) ? s.integer(0) : 0;
      parents.push_back(parent = of);
    }
    if (message != in) pass.suspect(Suspect::parent);
  }
  s.reset();
  if (!std::ranges::includes(parents, pass.expanded)) pass.suspect(Suspect::childless);
  return {};
}

Result<void> match_notifications(Database& database, Pass& pass) {
  Statement& s =
      *TRY(database.statement("SELECT recipient, sum(kind) FROM dsn GROUP BY recipient ORDER BY recipient"));
  s.reset();
  std::vector<std::pair<int64_t, int64_t>> history;
  while (TRY(s.step())) history.emplace_back(s.integer(0), s.integer(1));
  s.reset();
  if (history != pass.told) pass.suspect(Suspect::told);
  return {};
}

struct Check {
  Suspect when;
  const char* sql;       ///< gives a number (message key or recipient row) a fault
  const char* sentence;  ///< with {} for it
};

constexpr Check checks[] = {
    {Suspect::counts,
     "SELECT r.id FROM recipient r WHERE NOT EXISTS(SELECT 1 FROM message m WHERE m.key = r.message) LIMIT "
     "100",
     "recipient {} belongs to no message"},
    {Suspect::counts,
     "SELECT m.key FROM message m WHERE m.recipients <> (SELECT count(*) FROM recipient r WHERE r.message = "
     "m.key AND r.parent = 0) LIMIT 100",
     "message {} has not as many recipients as it was accepted with"},
    {Suspect::none,
     "SELECT r.id FROM recipient r JOIN message m ON m.key = r.message WHERE r.state <= 3 AND m.header IS "
     "NULL LIMIT 100",
     "recipient {} is open, but the content of its message is gone"},
    {Suspect::childless,
     "SELECT id FROM recipient WHERE state = 8 AND id NOT IN (SELECT parent FROM recipient WHERE parent <> "
     "0) LIMIT 100",
     "recipient {} was expanded into nobody"},
    {Suspect::none, "SELECT recipient FROM dsn WHERE id IS NULL AND rule IS NULL LIMIT 100",
     "a notification about recipient {} is neither sent nor suppressed"},
    // A notification may have been forgotten before the message that it tells of: ids sort by time.
    {Suspect::none,
     "SELECT d.recipient FROM dsn d WHERE d.id IS NOT NULL AND d.id > coalesce((SELECT value FROM meta WHERE "
     "key = 'retired_id'), x'') AND NOT EXISTS(SELECT 1 FROM message m WHERE m.id = d.id) LIMIT 100",
     "the notification about recipient {} is not in the queue's history"},
    {Suspect::state, "SELECT r.id FROM recipient r WHERE r.state > 11 OR r.state < 1 LIMIT 100",
     "recipient {} is in no legal state"},
    {Suspect::content,
     "SELECT m.key FROM message m WHERE m.header IS NOT NULL AND NOT EXISTS(SELECT 1 FROM recipient r WHERE "
     "r.message = m.key AND (r.state <= 3 OR r.dsn_due <> 0)) LIMIT 100",
     "message {} has ended, but its content is still here"},
    {Suspect::body,
     "SELECT m.key FROM message m WHERE m.header IS NOT NULL AND m.file IS NULL AND m.size > 0 AND NOT "
     "EXISTS(SELECT 1 FROM content c WHERE c.key = m.key) LIMIT 100",
     "the body of message {} is missing"},
    {Suspect::none,
     "SELECT c.key FROM content c WHERE NOT EXISTS(SELECT 1 FROM message m WHERE m.key = c.key) LIMIT 100",
     "the body {} belongs to no message"},
    {Suspect::parent,
     "SELECT r.id FROM recipient r WHERE r.parent <> 0 AND NOT EXISTS(SELECT 1 FROM recipient p WHERE p.id = "
     "r.parent AND p.message = r.message) LIMIT 100",
     "recipient {} was added in place of one that is not there"},
    {Suspect::none,
     "SELECT r.id FROM recipient r WHERE r.state = 1 AND r.destination IS NOT NULL AND NOT EXISTS(SELECT 1 "
     "FROM destination d WHERE d.key = r.destination) LIMIT 100",
     "recipient {} waits for a destination that is not there"},
    {Suspect::told,
     "SELECT r.id FROM recipient r WHERE r.dsn_told <> (SELECT coalesce(sum(d.kind), 0) FROM dsn d WHERE "
     "d.recipient = r.id) LIMIT 100",
     "what was told about recipient {} is not what stands in its history"},
};

}  // namespace

Result<Audited> audit_queue(Database& database) {
  Pass pass;
  TRY(read_recipients(database, pass));
  TRY(read_messages(database, pass));
  TRY(match_children(database, pass));
  TRY(match_notifications(database, pass));
  Audited audited{pass.census, {}};
  const Retired retired = TRY(load_retired(database));
  audited.census.accepted += retired.accepted;
  audited.census.added += retired.added;
  audited.census.terminal += retired.accepted + retired.added;
  for (const Check& check : checks) {
    if (!pass.suspects_any(check.when)) continue;
    Statement& s = *TRY(database.statement(check.sql));
    s.reset();
    while (TRY(s.step())) audited.problems.push_back(fmt::format(fmt::runtime(check.sentence), s.integer(0)));
    s.reset();
  }
  for (int64_t key : TRY(spool::damaged_messages(database, 100)))
    audited.problems.push_back(fmt::format("the row of message {} is damaged", key));
  return audited;
}

}  // namespace futar::mta
