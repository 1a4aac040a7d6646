// One SQLite connection, its statements and transactions. No SQL stands outside *_store.cpp files, which use this.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace futar::store {

class Database;

/// A prepared statement, kept and used again. Bind, then step until false; reset happens on the next bind or run.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view octets);
  Statement& bind_null(int index);
  Result<bool> step();   ///< true: a row is there
  Result<void> run();    ///< steps to the end, then resets
  void reset();

  int64_t integer(int column) const;
  std::string text(int column) const;
  std::string_view blob(int column) const;  ///< valid until the next step or reset
  bool is_null(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, Database* database) : statement_(statement), database_(database) {}
  sqlite3_stmt* statement_ = nullptr;
  Database* database_ = nullptr;
};

class Database {
 public:
  enum class Mode {
    create,     ///< read and write; made with WAL, synchronous=FULL, page 4096, secure_delete=fast; folder synced
    read,       ///< read only, of a live WAL database
    immutable,  ///< read only, of a published file that never changes (immutable=1)
    published,  ///< written once without WAL, to be renamed into place
  };
  static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
  ~Database();

  Result<void> execute(const char* sql);
  /// Prepared once for a given text, then found again; the reference stays valid as long as the database.
  Result<Statement*> statement(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  int64_t last_row_id() const;
  int64_t changes() const;
  const std::string& path() const;
  sqlite3* handle() const;
  /// The Error of an SQLite result code: FULL and BUSY temporary, CONSTRAINT permanent, IOERR, CORRUPT, NOTADB ours.
  Error error(int code) const;

 private:
  Database();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// BEGIN IMMEDIATE; rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&&) noexcept;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// Runs step(from_version) for each version up to `version`, each in its own transaction. Both the schema version
/// (user_version) and the oldest program that may open it (table meta) are stored; a newer database that this
/// program may not read is an error.
struct Schema {
  int version;
  int oldest_reader;
  Result<void> (*migrate)(Database&, int from_version);
};
Result<void> migrate(Database& database, const Schema& schema);

/// Small values that belong to the database itself (instance, epoch ...). Table meta(key, value).
Result<std::optional<std::string>> get_meta(Database& database, std::string_view key);
Result<void> set_meta(Database& database, std::string_view key, std::string_view value);

}  // namespace futar::store
