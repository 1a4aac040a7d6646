#include <sqlite3.h>

#include "common/store/database.h"

namespace futar::store {

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      database_(other.database_),
      bind_error_(other.bind_error_),
      state_(other.state_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(database_, other.database_);
  std::swap(bind_error_, other.bind_error_);
  std::swap(state_, other.state_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

sqlite3_stmt* Statement::prepare_bind() {
  if (state_ != State::fresh) reset();
  return statement_;
}

void Statement::bound(int code) {
  if (bind_error_ == SQLITE_OK) bind_error_ = code;
}

Statement& Statement::bind(int index, int64_t value) {
  bound(sqlite3_bind_int64(prepare_bind(), index, value));
  return *this;
}

// An empty view may hold a null pointer, which SQLite would bind as NULL.
Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() ? text.data() : "";
  bound(sqlite3_bind_text64(prepare_bind(), index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view octets) {
  const char* data = octets.data() ? octets.data() : "";
  bound(sqlite3_bind_blob64(prepare_bind(), index, data, octets.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null(int index) {
  bound(sqlite3_bind_null(prepare_bind(), index));
  return *this;
}

Result<bool> Statement::step() {
  if (state_ == State::done) return false;
  if (bind_error_ != SQLITE_OK) return fail(database_->error(bind_error_));
  if (auto gone = database_->lost()) return fail(*gone);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) {
    state_ = State::rows;
    return true;
  }
  state_ = State::done;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);  // lets go of the read transaction at once
    return false;
  }
  Error error = database_->failed(code);
  sqlite3_reset(statement_);
  return fail(std::move(error));
}

Result<void> Statement::run() {
  if (state_ != State::fresh) reset();
  while (true) {
    const auto row = step();
    if (row && *row) continue;
    reset();
    if (!row) return fail(row.error());
    return {};
  }
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bind_error_ = SQLITE_OK;
  state_ = State::fresh;
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string Statement::text(int column) const { return std::string(blob(column)); }
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::string_view Statement::blob(int column) const {
  const void* octets =
      sqlite3_column_blob(statement_, column);  // first: may convert, then the size is the new one
  return {static_cast<const char*>(octets),
          octets ? static_cast<size_t>(sqlite3_column_bytes(statement_, column)) : 0};
}

}  // namespace futar::store
