#include "common/spool/message_store.h"

namespace futar::spool {
namespace {

using store::Database;
using store::Statement;

constexpr int step_bits = 20;
constexpr int64_t first_step(int64_t key) { return key << step_bits; }
constexpr int64_t last_step(int64_t key) { return first_step(key) | ((int64_t{1} << step_bits) - 1); }

Statement& bind_or_null(Statement& statement, int index, const std::string& text) {
  return text.empty() ? statement.bind_null(index) : statement.bind(index, text);
}

Result<void> insert_content(Database& database, int64_t key, const Body& body) {
  if (body.is_file() || body.size == 0) return {};
  if (!body.bytes || body.bytes->size() != body.size)
    return fail(Error::permanent("a body is neither in memory nor in a file"));
  Statement& insert = *TRY(database.statement("INSERT INTO content(key, body) VALUES(?1, ?2)"));
  return insert.bind(1, key).bind_blob(2, *body.bytes).run();
}

Result<void> insert_step(Database& database, int64_t step, const std::vector<event::Event>& events) {
  Statement& insert = *TRY(database.statement("INSERT INTO events(step, packed) VALUES(?1, ?2)"));
  return insert.bind(1, step).bind_blob(2, event::pack(events)).run();
}

Error damaged(const Database& database, int64_t key, const std::string& how) {
  return Error::permanent(fmt::format("{}: message {} cannot be read: {}", database.path(), key, how));
}

struct Column {
  enum : int { id, accepted_ms, size, proven, login, hold_reason, file, envelope, header, body };
};

Result<Body> take_body(const Statement& row) {
  Body taken{static_cast<uint64_t>(row.integer(Column::size)), nullptr, row.text(Column::file)};
  if (row.is_null(Column::header) || taken.is_file()) return taken;
  const std::string_view octets = row.blob(Column::body);
  if (octets.size() != taken.size)
    return fail(Error::permanent("the content is not as long as its row says"));
  taken.bytes = std::make_shared<const std::string>(octets);
  return taken;
}

Result<Message> take_message(const Statement& row) {
  Message message;
  message.id = TRY(MessageId::from_blob(row.blob(Column::id)));
  message.envelope = TRY(decode_envelope(row.blob(Column::envelope)));
  message.header = row.text(Column::header);
  message.body = TRY(take_body(row));
  message.accepted_ms = row.integer(Column::accepted_ms);
  message.login = row.text(Column::login);
  message.hold_reason = row.text(Column::hold_reason);
  message.proven_sender = row.integer(Column::proven) != 0;
  return message;
}

}  // namespace

Result<void> create_message_tables(Database& database) {
  return database.execute(R"(
    CREATE TABLE message(
      key INTEGER PRIMARY KEY AUTOINCREMENT,
      id BLOB NOT NULL UNIQUE,
      state INTEGER NOT NULL DEFAULT 0,
      accepted_ms INTEGER NOT NULL,
      size INTEGER NOT NULL,
      header_size INTEGER NOT NULL,
      recipients INTEGER NOT NULL,
      proven INTEGER NOT NULL,
      login TEXT,
      hold_reason TEXT,
      file TEXT,
      envelope TEXT NOT NULL,
      header BLOB);
    CREATE UNIQUE INDEX message_file ON message(file) WHERE file IS NOT NULL;
    CREATE TABLE content(key INTEGER PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE events(step INTEGER PRIMARY KEY, packed BLOB NOT NULL);
  )");
}

Result<int64_t> insert_message(Database& database, const Message& message,
                               const std::vector<event::Event>& events) {
  Statement& insert = *TRY(database.statement(
      "INSERT INTO message(id, accepted_ms, size, proven, login, hold_reason, file, envelope, header, "
      "header_size, recipients) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
  insert.bind_blob(1, message.id.blob()).bind(2, message.accepted_ms);
  insert.bind(3, static_cast<int64_t>(message.body.size)).bind(4, message.proven_sender ? 1 : 0);
  bind_or_null(insert, 5, message.login);
  bind_or_null(insert, 6, message.hold_reason);
  bind_or_null(insert, 7, message.body.file);
  insert.bind(8, encode_envelope(message.envelope)).bind_blob(9, message.header);
  insert.bind(10, static_cast<int64_t>(message.header.size()));
  insert.bind(11, static_cast<int64_t>(message.envelope.recipients.size()));
  TRY(insert.run());
  const int64_t key = database.last_row_id();
  TRY(insert_content(database, key, message.body));
  if (!events.empty()) TRY(insert_step(database, first_step(key), events));
  return key;
}

Result<std::optional<Message>> load_message(Database& database, int64_t key) {
  Statement& select = *TRY(database.statement(
      "SELECT id, accepted_ms, size, proven, login, hold_reason, file, envelope, header, "
      "(SELECT body FROM content WHERE content.key = message.key) FROM message WHERE key = ?1"));
  if (!TRY(select.bind(1, key).step())) return std::nullopt;
  auto message = take_message(select);
  select.reset();
  if (!message) return fail(damaged(database, key, message.error().text));
  return std::move(*message);
}

Result<std::optional<int64_t>> find_message(Database& database, const MessageId& id) {
  Statement& select = *TRY(database.statement("SELECT key FROM message WHERE id = ?1"));
  if (!TRY(select.bind_blob(1, id.blob()).step())) return std::nullopt;
  const int64_t key = select.integer(0);
  select.reset();
  return key;
}

Result<void> append_events(Database& database, int64_t key, const std::vector<event::Event>& events) {
  if (events.empty()) return {};
  Statement& last = *TRY(database.statement("SELECT max(step) FROM events WHERE step BETWEEN ?1 AND ?2"));
  TRY(last.bind(1, first_step(key)).bind(2, last_step(key)).step());
  const int64_t step = last.is_null(0) ? first_step(key) : last.integer(0) + 1;
  last.reset();
  if (step > last_step(key)) return fail(Error::permanent(fmt::format("message {} has too many steps", key)));
  return insert_step(database, step, events);
}

Result<std::vector<event::Event>> load_events(Database& database, int64_t key) {
  Statement& select =
      *TRY(database.statement("SELECT packed FROM events WHERE step BETWEEN ?1 AND ?2 ORDER BY step"));
  select.bind(1, first_step(key)).bind(2, last_step(key));
  std::vector<event::Event> events;
  while (TRY(select.step())) {
    auto step = event::unpack(select.blob(0));
    if (!step) return fail(damaged(database, key, step.error().text));
    std::move(step->begin(), step->end(), std::back_inserter(events));
  }
  return events;
}

Result<std::string> clear_content(Database& database, int64_t key) {
  Statement& select = *TRY(database.statement("SELECT file FROM message WHERE key = ?1"));
  std::string file = TRY(select.bind(1, key).step()) ? select.text(0) : "";
  select.reset();
  Statement& clear = *TRY(database.statement("UPDATE message SET header = NULL, file = NULL WHERE key = ?1"));
  TRY(clear.bind(1, key).run());
  if (file.empty()) {
    Statement& remove = *TRY(database.statement("DELETE FROM content WHERE key = ?1"));
    TRY(remove.bind(1, key).run());
  }
  return file;
}

Result<bool> has_file(Database& database, std::string_view file) {
  Statement& select = *TRY(database.statement("SELECT 1 FROM message WHERE file = ?1"));
  const bool found = TRY(select.bind(1, file).step());
  select.reset();
  return found;
}

Result<void> delete_message(Database& database, int64_t key) {
  Statement& message = *TRY(database.statement("DELETE FROM message WHERE key = ?1"));
  TRY(message.bind(1, key).run());
  Statement& content = *TRY(database.statement("DELETE FROM content WHERE key = ?1"));
  TRY(content.bind(1, key).run());
  Statement& events = *TRY(database.statement("DELETE FROM events WHERE step BETWEEN ?1 AND ?2"));
  return events.bind(1, first_step(key)).bind(2, last_step(key)).run();
}

}  // namespace futar::spool
