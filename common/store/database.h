// One SQLite connection, its statements and transactions. No SQL stands outside *_store.cpp files, which use
// this. A connection belongs to one thread at a time (opened with NOMUTEX).
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

/// A prepared statement, kept and used again. Bind, then step until false (or run); the first bind after a
/// step resets it and clears what was bound, so each use binds all its parameters. Binding copies. A failed
/// bind is remembered and comes out of step() or run(), so binds chain freely.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view octets);
  Statement& bind_null(int index);
  Result<bool>
  step();              ///< true: a row is there; false: the end, and again false until the next bind or reset
  Result<void> run();  ///< steps to the end, then resets
  void reset();

  int64_t integer(int column) const;
  std::string text(int column) const;
  std::string_view blob(int column) const;  ///< valid until the next step or reset
  bool is_null(int column) const;

 private:
  friend class Database;
  enum class State : uint8_t { fresh, rows, done };
  Statement(sqlite3_stmt* statement, Database* database) : statement_(statement), database_(database) {}
  void bound(int code);
  sqlite3_stmt* prepare_bind();

  sqlite3_stmt* statement_ = nullptr;
  Database* database_ = nullptr;
  int bind_error_ = 0;  ///< the first SQLite code that a bind gave
  State state_ = State::fresh;
};

class Database {
 public:
  enum class Mode {
    create,  ///< read and write; made 0600 with WAL, synchronous=FULL, page 4096, secure_delete=fast; folder
             ///< synced
    read,    ///< read only, of a live WAL database
    immutable,  ///< read only, of a published file that never changes (immutable=1)
    published,  ///< written once without WAL or side files, to be renamed into place; synced at each commit
  };
  static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
  ~Database();

  Result<void> execute(const char* sql);
  /// Prepared once for a given text, then found again and handed out reset; the reference stays valid as long
  /// as the database. Not for two uses of one text at a time.
  Result<Statement*> statement(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  /// Ends every statement that still stands on a row, since its read transaction would stop the WAL from
  /// shrinking.
  void rest();
  int64_t last_row_id() const;
  int64_t changes() const;  ///< rows touched by the last INSERT, UPDATE or DELETE
  const std::string& path() const;
  sqlite3* handle() const;
  /// The Error of an SQLite result code: FULL and BUSY temporary, CONSTRAINT permanent, IOERR, CORRUPT,
  /// NOTADB ours.
  Error error(int code) const;
  /// True once after a statement failed for want of disk space.
  bool take_full();

 private:
  friend class Statement;
  friend class Transaction;
  Database();
  /// As error(), and notes when SQLite rolled the transaction back by itself.
  Error failed(int code);
  /// The error that ended the open transaction behind our back, if so: nothing more may run in it.
  std::optional<Error> lost() const;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Where a reader sorts what outgrows its cache, in files without a name; else that is /var/tmp, which a
/// sandbox closes. Once, before the first open().
void put_temporary_files_in(const std::string& folder);

/// BEGIN IMMEDIATE; rolls back unless committed. When SQLite itself rolled back (disk full), every later
/// statement until the end of the Transaction answers the error that caused it, so no half of a job can slip
/// through.
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

/// Runs step(from_version) for each version up to `version`, each in its own transaction. Both the schema
/// version (user_version) and the oldest program that may open it (table meta) are stored; a newer database
/// that this program may not read is an error.
struct Schema {
  int version;
  int oldest_reader;
  Result<void> (*migrate)(Database&, int from_version);
};
Result<void> migrate(Database& database, const Schema& schema);

/// Small values that belong to the database itself (instance, epoch ...). Table meta(key, value).
Result<std::optional<std::string>> get_meta(Database& database, std::string_view key);
Result<void> set_meta(Database& database, std::string_view key, std::string_view value);

/// Looks for damage (PRAGMA quick_check) for at most budget_ms. True: the whole database is sound; false:
/// sound as far as the time went. Damage is an Error of kind ours.
Result<bool> check(Database& database, int64_t budget_ms);

}  // namespace futar::store
