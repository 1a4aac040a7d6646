#include "mda/ledger/ledger_store.h"

#include <nlohmann/json.hpp>

#include "common/base/text.h"

namespace futar::mda {

std::optional<std::pair<int64_t, int64_t>> parse_staging_name(std::string_view name) {
  const auto parts = split(name, '.');
  if (parts.size() != 2) return std::nullopt;
  const auto sender = parse_number(parts[0]), row = parse_number(parts[1]);
  if (!sender || !row || *sender > INT64_MAX || *row > INT64_MAX) return std::nullopt;
  return std::pair(static_cast<int64_t>(*sender), static_cast<int64_t>(*row));
}

namespace ledger {
namespace {

// The key is the order of arrival, so that inserts append and `forget` cuts off the low end. The index on id
// grows at its end too, since ids sort by time; it serves new epochs and traces.
Result<void> create(store::Database& database, int /*from_version*/) {
  TRY(database.execute(
      "CREATE TABLE sender(key INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL,"
      " epoch INTEGER NOT NULL, confirmed_below INTEGER NOT NULL, UNIQUE(instance, epoch))"));
  TRY(database.execute(
      "CREATE TABLE delivery(sender INTEGER NOT NULL, row INTEGER NOT NULL, id BLOB NOT NULL,"
      " recipient TEXT NOT NULL, ending INTEGER NOT NULL, at_ms INTEGER NOT NULL, account TEXT, folder TEXT, "
      "file TEXT,"
      " status TEXT, reason TEXT, targets TEXT, PRIMARY KEY(sender, row)) WITHOUT ROWID"));
  TRY(database.execute("CREATE INDEX delivery_by_id ON delivery(id)"));
  return store::set_meta(database, "instance", MessageId::make(system_clock()).text());
}

#define COLUMNS "sender, row, id, recipient, ending, at_ms, account, folder, file, status, reason, targets"

Result<std::vector<std::string>> parse_targets(const std::string& text) {
  std::vector<std::string> targets;
  if (text.empty()) return targets;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) return fail(Error::ours("mda.db: damaged targets"));
  for (const auto& target : json) {
    if (!target.is_string()) return fail(Error::ours("mda.db: damaged targets"));
    targets.push_back(target.get<std::string>());
  }
  return targets;
}

Result<Record> record_of(const store::Statement& row) {
  Record record;
  record.sender = row.integer(0);
  record.row = row.integer(1);
  record.id = TRY(MessageId::from_blob(row.blob(2)));
  record.recipient = row.text(3);
  record.ending = static_cast<Ending>(row.integer(4));
  record.wall_ms = row.integer(5);
  record.account = row.text(6);
  record.folder = row.text(7);
  record.file = row.text(8);
  record.status = row.text(9);
  record.reason = row.text(10);
  record.targets = TRY(parse_targets(row.text(11)));
  return record;
}

Result<std::optional<Record>> first(store::Statement& select) {
  if (!TRY(select.step())) return std::optional<Record>();
  auto record = record_of(select);
  select.reset();
  return std::optional<Record>(TRY(std::move(record)));
}

Result<std::vector<Record>> all(store::Statement& select) {
  std::vector<Record> records;
  while (TRY(select.step())) records.push_back(TRY(record_of(select)));
  return records;
}

void bind_text_or_null(store::Statement& statement, int index, std::string_view text) {
  if (text.empty())
    statement.bind_null(index);
  else
    statement.bind(index, text);
}

}  // namespace

Result<std::unique_ptr<store::Database>> open(const std::string& path) {
  auto database = TRY(store::Database::open(path, store::Database::Mode::create));
  TRY(store::migrate(*database, {.version = 1, .oldest_reader = 1, .migrate = create}));
  return database;
}

Result<std::string> instance(store::Database& database) {
  const auto value = TRY(store::get_meta(database, "instance"));
  if (!value) return fail(Error::ours("mda.db has no instance"));
  return *value;
}

Result<int64_t> sender_key(store::Database& database, const Sender& sender) {
  auto& insert = *TRY(
      database.statement("INSERT OR IGNORE INTO sender(instance, epoch, confirmed_below) VALUES(?1, ?2, 0)"));
  TRY(insert.bind(1, sender.instance).bind(2, sender.epoch).run());
  auto& select = *TRY(database.statement("SELECT key FROM sender WHERE instance = ?1 AND epoch = ?2"));
  if (!TRY(select.bind(1, sender.instance).bind(2, sender.epoch).step()))
    return fail(Error::ours("mda.db: a sender vanished"));
  const int64_t key = select.integer(0);
  select.reset();
  return key;
}

Result<int64_t> confirmed_below(store::Database& database, int64_t sender) {
  auto& select = *TRY(database.statement("SELECT confirmed_below FROM sender WHERE key = ?1"));
  const int64_t below = TRY(select.bind(1, sender).step()) ? select.integer(0) : 0;
  select.reset();
  return below;
}

Result<void> confirm(store::Database& database, int64_t sender, int64_t below) {
  auto& update = *TRY(
      database.statement("UPDATE sender SET confirmed_below = ?2 WHERE key = ?1 AND confirmed_below < ?2"));
  return update.bind(1, sender).bind(2, below).run();
}

Result<std::optional<Record>> find(store::Database& database, int64_t sender, int64_t row) {
  auto& select = *TRY(database.statement("SELECT " COLUMNS " FROM delivery WHERE sender = ?1 AND row = ?2"));
  return first(select.bind(1, sender).bind(2, row));
}

Result<std::optional<Record>> find_elsewhere(store::Database& database, int64_t sender, const MessageId& id,
                                             std::string_view recipient) {
  auto& select = *TRY(database.statement(
      "SELECT " COLUMNS " FROM delivery WHERE id = ?1 AND sender <> ?2 AND recipient = ?3 LIMIT 1"));
  return first(select.bind_blob(1, id.blob()).bind(2, sender).bind(3, recipient));
}

Result<std::vector<Record>> of_message(store::Database& database, const MessageId& id) {
  auto& select = *TRY(
      database.statement("SELECT " COLUMNS " FROM delivery WHERE id = ?1 ORDER BY sender, row LIMIT 10000"));
  return all(select.bind_blob(1, id.blob()));
}

Result<bool> has_other_senders(store::Database& database, int64_t sender) {
  auto& select = *TRY(database.statement("SELECT 1 FROM sender WHERE key <> ?1 LIMIT 1"));
  const bool others = TRY(select.bind(1, sender).step());
  select.reset();
  return others;
}

Result<std::vector<Record>> rows(store::Database& database, int64_t sender, int64_t after, int64_t limit) {
  auto& select = *TRY(database.statement(
      "SELECT " COLUMNS " FROM delivery WHERE sender = ?1 AND row > ?2 ORDER BY row LIMIT ?3"));
  return all(select.bind(1, sender).bind(2, after).bind(3, limit));
}

Result<void> delivered(store::Database& database, std::string_view instance, Epochs epochs,
                       spool::PairRange range, const spool::PairSink& sink) {
  auto& select =
      *TRY(database.statement("SELECT d.row, d.id FROM delivery d JOIN sender s ON s.key = d.sender WHERE "
                              "s.instance = ?1 AND (?2 = 0 OR "
                              "s.epoch = (SELECT max(epoch) FROM sender WHERE instance = ?1)) AND d.ending = "
                              "1 AND d.row BETWEEN ?3 AND "
                              "?4"));
  select.bind(1, instance).bind(2, int64_t{epochs == Epochs::newest}).bind(3, range.first);
  select.bind(4, range.last);
  while (TRY(select.step()))
    if (const auto id = MessageId::from_blob(select.blob(1))) sink({select.integer(0), *id});
  select.reset();
  return {};
}

Result<void> insert(store::Database& database, const Record& record) {
  auto& insert = *TRY(database.statement("INSERT INTO delivery(" COLUMNS
                                         ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"));
  insert.bind(1, record.sender).bind(2, record.row).bind_blob(3, record.id.blob()).bind(4, record.recipient);
  insert.bind(5, static_cast<int64_t>(record.ending)).bind(6, record.wall_ms);
  bind_text_or_null(insert, 7, record.account);
  bind_text_or_null(insert, 8, record.folder);
  bind_text_or_null(insert, 9, record.file);
  bind_text_or_null(insert, 10, record.status);
  bind_text_or_null(insert, 11, record.reason);
  bind_text_or_null(insert, 12, record.targets.empty() ? "" : nlohmann::json(record.targets).dump());
  return insert.run();
}

Result<void> redirect(store::Database& database, const Record& record) {
  auto& update =
      *TRY(database.statement("UPDATE delivery SET folder = ?3, file = ?4 WHERE sender = ?1 AND row = ?2"));
  return update.bind(1, record.sender).bind(2, record.row).bind(3, record.folder).bind(4, record.file).run();
}

Result<void> withdraw(store::Database& database, const Record& record) {
  auto& remove = *TRY(database.statement("DELETE FROM delivery WHERE sender = ?1 AND row = ?2"));
  return remove.bind(1, record.sender).bind(2, record.row).run();
}

Result<Naming> naming(store::Database& database, std::string_view address) {
  auto& select = *TRY(database.statement("SELECT " COLUMNS
                                         " FROM delivery WHERE lower(recipient) = ?1 OR lower(account) = ?1 "
                                         "OR instr(lower(targets), ?1) > 0 ORDER BY sender, row"));
  Naming naming;
  for (Record& record : TRY(all(select.bind(1, ascii_lower(address))))) {
    if (record.row < TRY(confirmed_below(database, record.sender)))
      naming.confirmed.push_back(std::move(record));
    else
      ++naming.open;
  }
  return naming;
}

Result<void> rename(store::Database& database, const Record& record) {
  auto& update = *TRY(database.statement(
      "UPDATE delivery SET recipient = ?3, account = ?4, targets = ?5 WHERE sender = ?1 AND row = ?2"));
  update.bind(1, record.sender).bind(2, record.row).bind(3, record.recipient);
  bind_text_or_null(update, 4, record.account);
  bind_text_or_null(update, 5, record.targets.empty() ? "" : nlohmann::json(record.targets).dump());
  return update.run();
}

Result<int64_t> forget(store::Database& database, int64_t before_ms, int64_t limit) {
  auto& senders = *TRY(database.statement("SELECT key, confirmed_below FROM sender ORDER BY key"));
  std::vector<std::pair<int64_t, int64_t>> confirmed;
  while (TRY(senders.step())) confirmed.emplace_back(senders.integer(0), senders.integer(1));
  auto& remove = *TRY(
      database.statement("DELETE FROM delivery WHERE sender = ?1 AND at_ms < ?3 AND row IN"
                         " (SELECT row FROM delivery WHERE sender = ?1 AND row < ?2 ORDER BY row LIMIT ?4)"));
  int64_t forgotten = 0;
  for (const auto& [sender, below] : confirmed) {
    TRY(remove.bind(1, sender).bind(2, below).bind(3, before_ms).bind(4, limit).run());
    forgotten += database.changes();
  }
  return forgotten;
}

}  // namespace ledger
}  // namespace futar::mda
