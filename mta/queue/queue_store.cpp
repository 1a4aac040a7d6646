#include "mta/queue/queue_store.h"

#include "common/base/ids.h"
#include "mta/queue/destination_store.h"
#include "mta/trail/trail_store.h"

namespace futar::mta {
namespace {

using store::Database;
using store::Statement;

constexpr char columns[] =
    "id, message, local, domain, target_local, target_domain, state, due, attempts, offered, wish, wish_by, "
    "parent, "
    "depth, ancestry, mailbox, prefix, reason, status, notify, orcpt, dsn_due, dsn_told, destination, "
    "remote_host, remote_words, last_attempt";

Recipient row_of(const Statement& s) {
  Recipient r;
  r.row = s.integer(0);
  r.message = s.integer(1);
  r.address = {s.text(2), s.text(3)};
  r.target = s.is_null(4) ? r.address : smtp::Address{s.text(4), s.text(5)};
  r.state = static_cast<State>(s.integer(6));
  r.due_ms = s.integer(7);
  r.attempts = static_cast<int>(s.integer(8));
  r.offered = s.integer(9) != 0;
  r.wish = static_cast<Wish>(s.integer(10));
  r.wish_by = s.text(11);
  r.parent = s.integer(12);
  r.depth = static_cast<int>(s.integer(13));
  r.ancestry = s.text(14);
  r.mailbox = s.text(15);
  r.prefix = s.text(16);
  r.reason = s.text(17);
  r.status = s.text(18);
  r.parameters.notify.bits = static_cast<uint8_t>(s.integer(19));
  r.parameters.orcpt = s.text(20);
  r.dsn_due = static_cast<uint8_t>(s.integer(21));
  r.dsn_told = static_cast<uint8_t>(s.integer(22));
  r.destination = s.integer(23);
  r.remote_host = s.text(24);
  r.remote_words = s.text(25);
  r.last_attempt_ms = s.integer(26);
  return r;
}

Result<std::vector<Recipient>> rows_of(Statement& s) {
  std::vector<Recipient> rows;
  while (TRY(s.step())) rows.push_back(row_of(s));
  s.reset();
  return rows;
}

// Version 2: mail for other servers waits per destination. Version 1 knew none, and would offer such rows to
// mda: so it may not read this database any more.
Result<void> add_destinations(Database& database) {
  return database.execute(R"(
    CREATE TABLE destination(
      key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, failures INTEGER NOT NULL DEFAULT 0,
      due INTEGER NOT NULL DEFAULT 0, last_answer TEXT, last_ms INTEGER NOT NULL DEFAULT 0);
    ALTER TABLE recipient ADD COLUMN destination INTEGER;
    ALTER TABLE recipient ADD COLUMN remote_host TEXT;
    ALTER TABLE recipient ADD COLUMN remote_words TEXT;
    ALTER TABLE recipient ADD COLUMN last_attempt INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE recipient ADD COLUMN rerouted INTEGER NOT NULL DEFAULT 0;
    DROP INDEX recipient_due;
    CREATE INDEX recipient_due ON recipient(due) WHERE state = 1 AND destination IS NULL;
    CREATE INDEX recipient_remote ON recipient(destination, due) WHERE state = 1 AND destination IS NOT NULL;
    CREATE INDEX recipient_open_mda ON recipient(id) WHERE state <= 3 AND destination IS NULL;
  )");
}

// Version 3: by which selectors a message is signed (signed_store.h).
Result<void> add_signatures(Database& database) {
  return database.execute("ALTER TABLE message ADD COLUMN signed TEXT");
}

// Version 4: the seal of what an alias sends on.
Result<void> add_seals(Database& database) {
  return database.execute("ALTER TABLE message ADD COLUMN seal TEXT");
}

// Version 5: the trail, and how much retention took away. Older programs leave them as they are, and the next
// new one goes on from there.
Result<void> add_trail(Database& database) {
  TRY(database.execute("ALTER TABLE peer ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0"));
  return trail::create_trail_tables(database);
}

// The partial indexes keep the fast path (stored in flight, then terminal) away from the due index.
Result<void> create_tables(Database& database) {
  TRY(spool::create_message_tables(database));
  TRY(database.execute(R"(
    CREATE TABLE recipient(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      message INTEGER NOT NULL,
      local TEXT NOT NULL, domain TEXT NOT NULL,
      target_local TEXT, target_domain TEXT,
      state INTEGER NOT NULL,
      due INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      offered INTEGER NOT NULL DEFAULT 0,
      wish INTEGER NOT NULL DEFAULT 0, wish_by TEXT,
      parent INTEGER NOT NULL DEFAULT 0,
      depth INTEGER NOT NULL DEFAULT 0, ancestry TEXT,
      mailbox TEXT, prefix TEXT, reason TEXT, status TEXT,
      notify INTEGER NOT NULL DEFAULT 0, orcpt TEXT,
      dsn_due INTEGER NOT NULL DEFAULT 0, dsn_told INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX recipient_of_message ON recipient(message);
    CREATE INDEX recipient_due ON recipient(due) WHERE state = 1;
    CREATE INDEX recipient_open ON recipient(id) WHERE state <= 3;
    CREATE INDEX recipient_held ON recipient(id) WHERE state = 3;
    CREATE INDEX recipient_dsn ON recipient(message) WHERE dsn_due <> 0;
    CREATE TABLE peer(key INTEGER PRIMARY KEY, instance TEXT NOT NULL UNIQUE);
    CREATE TABLE seen(
      peer INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, id BLOB NOT NULL,
      PRIMARY KEY(peer, epoch, sequence)) WITHOUT ROWID;
    CREATE TABLE dsn(
      recipient INTEGER NOT NULL, kind INTEGER NOT NULL, id BLOB, rule TEXT,
      PRIMARY KEY(recipient, kind)) WITHOUT ROWID;
  )"));
  return store::set_meta(database, "instance", MessageId::make(system_clock()).text());
}

Result<void> migrate(Database& database, int from_version) {
  if (from_version == 0) return create_tables(database);
  if (from_version == 1) return add_destinations(database);
  if (from_version == 2) return add_signatures(database);
  return from_version == 3 ? add_seals(database) : add_trail(database);
}

}  // namespace

const store::Schema queue_schema{.version = 5, .oldest_reader = 2, .migrate = migrate};

Result<std::string> instance_of(Database& database) {
  const auto instance = TRY(store::get_meta(database, "instance"));
  if (!instance) return fail(Error::ours(database.path() + " has no instance id"));
  return *instance;
}

Result<int64_t> insert_recipient(Database& database, int64_t message, const NewRecipient& r) {
  if (!is_legal(State::none, r.state, By::acceptance))
    return fail(Error::permanent(fmt::format("a recipient is not stored as {}", name(r.state))));
  Statement& s = *TRY(database.statement(
      "INSERT INTO recipient(message, local, domain, target_local, target_domain, state, offered, parent, "
      "depth, "
      "ancestry, mailbox, prefix, reason, notify, orcpt, due, destination) "
      "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  const int64_t destination = r.destination.empty() ? 0 : TRY(destination_key(database, r.destination));
  const auto text_or_null = [&](int index, const std::string& text) {
    text.empty() ? s.bind_null(index) : s.bind(index, text);
  };
  s.bind(1, message).bind(2, r.address.local).bind(3, r.address.domain);
  if (r.target == r.address || r.target.is_null())
    s.bind_null(4).bind_null(5);
  else
    s.bind(4, r.target.local).bind(5, r.target.domain);
  s.bind(6, static_cast<int64_t>(r.state)).bind(7, r.state == State::in_flight ? int64_t{1} : int64_t{0});
  s.bind(8, r.parent).bind(9, int64_t{r.depth});
  text_or_null(10, r.ancestry);
  text_or_null(11, r.mailbox);
  text_or_null(12, r.prefix);
  text_or_null(13, r.reason);
  s.bind(14, int64_t{r.parameters.notify.bits});
  text_or_null(15, r.parameters.orcpt);
  s.bind(16, r.due_ms);
  destination == 0 ? s.bind_null(17) : s.bind(17, destination);
  TRY(s.run());
  return database.last_row_id();
}

Result<std::optional<Recipient>> load_recipient(Database& database, int64_t row) {
  static const std::string sql = fmt::format("SELECT {} FROM recipient WHERE id = ?", columns);
  Statement& s = *TRY(database.statement(sql.c_str()));
  s.bind(1, row);
  std::optional<Recipient> found;
  if (TRY(s.step())) found = row_of(s);
  s.reset();
  return found;
}

Result<std::vector<Recipient>> load_recipients(Database& database, int64_t message) {
  static const std::string sql =
      fmt::format("SELECT {} FROM recipient WHERE message = ? ORDER BY id", columns);
  Statement& s = *TRY(database.statement(sql.c_str()));
  s.bind(1, message);
  return rows_of(s);
}

Result<std::vector<Recipient>> load_due(Database& database, int64_t now_ms, size_t limit) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM recipient WHERE state = 1 AND destination IS NULL AND due <= ? ORDER BY due, id LIMIT "
      "?",
      columns);
  Statement& s = *TRY(database.statement(sql.c_str()));
  s.bind(1, now_ms).bind(2, static_cast<int64_t>(limit));
  return rows_of(s);
}

Result<void> set_state(Database& database, const Recipient& from, State to, By by, int64_t due_ms,
                       int attempts, bool offered, std::string_view reason, std::string_view status) {
  if (!is_legal(from.state, to, by))
    return fail(Error::permanent(
        fmt::format("recipient {} may not go from {} to {}", from.row, name(from.state), name(to))));
  Statement& s =
      *TRY(database.statement("UPDATE recipient SET state = ?, due = ?, attempts = ?, offered = ?, reason = "
                              "?, status = ? WHERE id = ?"));
  s.bind(1, static_cast<int64_t>(to)).bind(2, due_ms).bind(3, int64_t{attempts}).bind(4, int64_t{offered});
  return s.bind(5, reason).bind(6, status).bind(7, from.row).run();
}

Result<void> set_answer(Database& database, int64_t row, std::string_view host, std::string_view words,
                        int64_t now_ms) {
  Statement& s = *TRY(database.statement(
      "UPDATE recipient SET remote_host = ?, remote_words = ?, last_attempt = ? WHERE id = ?"));
  return s.bind(1, host).bind(2, words).bind(3, now_ms).bind(4, row).run();
}

Result<void> set_wish(Database& database, int64_t row, Wish wish, std::string_view by) {
  Statement& s = *TRY(database.statement("UPDATE recipient SET wish = ?, wish_by = ? WHERE id = ?"));
  return s.bind(1, static_cast<int64_t>(wish)).bind(2, by).bind(3, row).run();
}

Result<std::vector<Recipient>> load_due_at(Database& database, int64_t destination, int64_t now_ms,
                                           size_t limit) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM recipient WHERE state = 1 AND destination IS NOT NULL AND destination = ? AND due <= ? "
      "ORDER BY due, id LIMIT ?",
      columns);
  Statement& s = *TRY(database.statement(sql.c_str()));
  s.bind(1, destination).bind(2, now_ms).bind(3, static_cast<int64_t>(limit));
  return rows_of(s);
}

Result<std::vector<Recipient>> load_remote(Database& database, int64_t after, size_t limit) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM recipient WHERE state <= 3 AND id > ? AND destination IS NOT NULL AND rerouted = 0 "
      "ORDER BY id LIMIT ?",
      columns);
  Statement& s = *TRY(database.statement(sql.c_str()));
  s.bind(1, after).bind(2, static_cast<int64_t>(limit));
  return rows_of(s);
}

Result<int64_t> return_in_flight(Database& database, Flights which) {
  Statement& mda = *TRY(database.statement(
      "UPDATE recipient SET state = 1, due = 0 WHERE state <= 3 AND destination IS NULL AND state = 2"));
  TRY(mda.run());
  int64_t returned = database.changes();
  if (which == Flights::to_mda) return returned;
  Statement& remote = *TRY(
      database.statement("UPDATE recipient SET state = 1, due = max(due, 1) WHERE state <= 3 AND state = 2"));
  TRY(remote.run());
  return returned + database.changes();
}

Result<bool> has_open_recipients(Database& database, int64_t message) {
  Statement& s = *TRY(database.statement(
      "SELECT 1 FROM recipient WHERE message = ? AND (state <= 3 OR dsn_due <> 0) LIMIT 1"));
  const bool open = TRY(s.bind(1, message).step());
  s.reset();
  return open;
}

Result<bool> has_mailbox(Database& database, int64_t message, std::string_view mailbox) {
  Statement& s =
      *TRY(database.statement("SELECT 1 FROM recipient WHERE message = ? AND mailbox = ? LIMIT 1"));
  const bool has = TRY(s.bind(1, message).bind(2, mailbox).step());
  s.reset();
  return has;
}

Result<int64_t> confirmed_below(Database& database) {
  Statement& s =
      *TRY(database.statement("SELECT coalesce((SELECT min(id) FROM recipient WHERE state <= 3 AND "
                              "destination IS NULL), (SELECT seq + 1 FROM "
                              "sqlite_sequence WHERE name = 'recipient'), 1)"));
  const int64_t below = TRY(s.step()) ? s.integer(0) : 1;
  s.reset();
  return below;
}

Result<std::vector<Recipient>> load_outlived(Database& database, State state, int64_t accepted_before_ms,
                                             size_t limit) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM recipient WHERE state <= 3 AND state = ?1 AND due = 0 AND offered = 0 AND (SELECT "
      "accepted_ms FROM "
      "message WHERE key = recipient.message) < ?2 ORDER BY id LIMIT ?3",
      columns);
  Statement& s = *TRY(database.statement(sql.c_str()));
  s.bind(1, static_cast<int64_t>(state)).bind(2, accepted_before_ms).bind(3, static_cast<int64_t>(limit));
  return rows_of(s);
}

Result<void> rebase_due(Database& database, int64_t delta_ms) {
  Statement& s =
      *TRY(database.statement("UPDATE recipient SET due = max(due + ?, 1) WHERE state = 1 AND due > 0"));
  TRY(s.bind(1, delta_ms).run());
  Statement& d = *TRY(database.statement("UPDATE destination SET due = max(due + ?, 1) WHERE due > 0"));
  return d.bind(1, delta_ms).run();
}

Result<Seen> find_seen(Database& database, int64_t peer, int64_t epoch, int64_t sequence,
                       const MessageId& id) {
  Statement& s =
      *TRY(database.statement("SELECT id FROM seen WHERE peer = ? AND epoch = ? AND sequence = ?"));
  s.bind(1, peer).bind(2, epoch).bind(3, sequence);
  Seen seen = Seen::no;
  if (TRY(s.step())) seen = s.blob(0) == id.blob() ? Seen::same : Seen::other_id;
  s.reset();
  return seen;
}

Result<void> insert_seen(Database& database, int64_t peer, int64_t epoch, int64_t sequence,
                         const MessageId& id) {
  Statement& s = *TRY(database.statement("INSERT INTO seen(peer, epoch, sequence, id) VALUES(?,?,?,?)"));
  return s.bind(1, peer).bind(2, epoch).bind(3, sequence).bind_blob(4, id.blob()).run();
}

Result<std::vector<std::pair<std::string, int64_t>>> count_seen(Database& database) {
  // Only with several epochs may an id stand there twice.
  Statement& s = *TRY(database.statement(
      "SELECT instance, forgotten + CASE WHEN (SELECT min(epoch) = max(epoch) FROM seen WHERE peer = p.key) "
      "THEN "
      "(SELECT count(*) FROM seen WHERE peer = p.key) ELSE (SELECT count(DISTINCT id) FROM seen WHERE peer = "
      "p.key) END FROM peer p"));
  s.reset();
  std::vector<std::pair<std::string, int64_t>> counts;
  while (TRY(s.step())) counts.emplace_back(s.text(0), s.integer(1));
  s.reset();
  return counts;
}

Result<int64_t> peer_key(Database& database, std::string_view instance) {
  Statement& find = *TRY(database.statement("SELECT key FROM peer WHERE instance = ?"));
  if (TRY(find.bind(1, instance).step())) {
    const int64_t key = find.integer(0);
    find.reset();
    return key;
  }
  Statement& add = *TRY(database.statement("INSERT INTO peer(instance) VALUES(?)"));
  TRY(add.bind(1, instance).run());
  return database.last_row_id();
}

Result<void> add_dsn_due(Database& database, int64_t row, uint8_t bits) {
  Statement& s = *TRY(database.statement("UPDATE recipient SET dsn_due = dsn_due | ? WHERE id = ?"));
  return s.bind(1, int64_t{bits}).bind(2, row).run();
}

Result<std::vector<int64_t>> messages_with_dsn_due(Database& database, size_t limit) {
  Statement& s =
      *TRY(database.statement("SELECT DISTINCT message FROM recipient r WHERE dsn_due <> 0 AND NOT "
                              "EXISTS(SELECT 1 FROM recipient f WHERE "
                              "f.message = r.message AND f.state = 2) LIMIT ?"));
  s.bind(1, static_cast<int64_t>(limit));
  std::vector<int64_t> messages;
  while (TRY(s.step())) messages.push_back(s.integer(0));
  s.reset();
  return messages;
}

Result<void> set_dsn_told(Database& database, int64_t row, uint8_t bits, const MessageId& id,
                          std::string_view rule) {
  for (uint8_t kind = 1; kind != 0; kind = static_cast<uint8_t>(kind << 1)) {
    if (!(bits & kind)) continue;
    Statement& add =
        *TRY(database.statement("INSERT OR IGNORE INTO dsn(recipient, kind, id, rule) VALUES(?,?,?,?)"));
    add.bind(1, row).bind(2, int64_t{kind});
    id.is_none() ? add.bind_null(3) : add.bind_blob(3, id.blob());
    rule.empty() ? add.bind_null(4) : add.bind(4, rule);
    TRY(add.run());
  }
  Statement& s = *TRY(database.statement(
      "UPDATE recipient SET dsn_due = dsn_due & ~?1, dsn_told = dsn_told | ?1 WHERE id = ?2"));
  return s.bind(1, int64_t{bits}).bind(2, row).run();
}

}  // namespace futar::mta
