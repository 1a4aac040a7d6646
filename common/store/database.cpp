#include "common/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "common/base/file.h"

namespace futar::store {

namespace {

constexpr int busy_timeout_ms = 5000;

// page_size must come before the first page is written. The checkpointer has its own connection; the
// automatic checkpoint is only the net below it (M: 1000 pages cost the committing thread 21-40 ms, 10000
// pages 10 ms).
constexpr const char* live_pragmas = R"(
  PRAGMA page_size = 4096;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA temp_store = MEMORY;
  PRAGMA secure_delete = FAST;
  PRAGMA wal_autocheckpoint = 10000;
)";
constexpr const char* published_pragmas = R"(
  PRAGMA page_size = 4096;
  PRAGMA journal_mode = MEMORY;
  PRAGMA synchronous = FULL;
  PRAGMA temp_store = MEMORY;
)";

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// A file URI, so that ? # and % in a folder's name stay part of the name.
std::string uri_of(const std::string& path, std::string_view query) {
  std::string uri = "file:";
  for (char c : path) {
    if (c == '?' || c == '#' || c == '%')
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else
      uri += c;
  }
  return uri + std::string(query);
}

/// Makes the empty file with our mode (SQLite would take 0644; the WAL inherits it). Never opens one that is
/// there: closing it again would drop the locks that other connections of this process hold on it (POSIX).
Result<void> make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    if (errno == EEXIST) return {};
    return fail(errno_error(errno, "create " + path));
  }
  Fd{fd}.reset();
  return sync_folder(folder_of(path));
}

/// WAL and shared-memory files that cannot grow report an I/O error, but mean a full disk. A failed fsync
/// stays one: the kernel may have dropped the pages.
bool means_no_space(int code, int system_errno) {
  if (code == SQLITE_FULL) return true;
  const bool growing =
      code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMOPEN;
  return growing && (system_errno == ENOSPC || system_errno == EDQUOT);
}

}  // namespace

void put_temporary_files_in(const std::string& folder) {
  sqlite3_free(sqlite3_temp_directory);
  sqlite3_temp_directory = sqlite3_mprintf("%s", folder.c_str());
}

struct Database::Impl {
  std::string path;
  sqlite3* handle = nullptr;
  std::unordered_map<std::string_view, std::unique_ptr<Statement>>
      statements;  // keys: the statements' own text
  bool in_transaction = false;
  bool full = false;
  std::optional<Error> lost;

  ~Impl() {
    statements.clear();
    sqlite3_close_v2(handle);
  }
};

Database::Database() : impl_(std::make_unique<Impl>()) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode) {
  const bool writes = mode == Mode::create || mode == Mode::published;
  const bool is_file = path != ":memory:";
  if (writes && is_file) TRY(make_file(path));
  std::unique_ptr<Database> database(new Database);
  database->impl_->path = path;
  const std::string name = is_file ? uri_of(path, mode == Mode::immutable ? "?immutable=1" : "") : path;
  const int flags =
      SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
      (writes ? SQLITE_OPEN_READWRITE | (is_file ? 0 : SQLITE_OPEN_CREATE) : SQLITE_OPEN_READONLY);
  if (const int code = sqlite3_open_v2(name.c_str(), &database->impl_->handle, flags, nullptr);
      code != SQLITE_OK)
    return fail(database->error(code));
  sqlite3_busy_timeout(database->impl_->handle, busy_timeout_ms);
  if (mode == Mode::create) TRY(database->execute(live_pragmas));
  if (mode == Mode::published) TRY(database->execute(published_pragmas));
  return database;
}

Result<void> Database::execute(const char* sql) {
  if (auto gone = lost()) return fail(*gone);
  const int code = sqlite3_exec(impl_->handle, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(failed(code));
  return {};
}

Result<Statement*> Database::statement(const char* sql) {
  const auto found = impl_->statements.find(sql);
  if (found != impl_->statements.end()) {
    found->second->reset();
    return found->second.get();
  }
  auto made = std::make_unique<Statement>(TRY(prepare(sql)));
  Statement* statement = made.get();
  impl_->statements.emplace(sqlite3_sql(statement->statement_), std::move(made));
  return statement;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(impl_->handle, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return fail(failed(code));
  return Statement(statement, this);
}

void Database::rest() {
  for (auto& [sql, statement] : impl_->statements)
    if (statement->state_ != Statement::State::fresh) statement->reset();
}

int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(impl_->handle); }
int64_t Database::changes() const { return sqlite3_changes64(impl_->handle); }
const std::string& Database::path() const { return impl_->path; }
sqlite3* Database::handle() const { return impl_->handle; }
bool Database::take_full() { return std::exchange(impl_->full, false); }

Error Database::error(int code) const {
  sqlite3* handle = impl_->handle;
  const bool last = handle && sqlite3_extended_errcode(handle) == code;
  const int system_errno = last ? sqlite3_system_errno(handle) : 0;
  std::string text = fmt::format("{}: {} (SQLite {})", impl_->path,
                                 last ? sqlite3_errmsg(handle) : sqlite3_errstr(code), code);
  if (system_errno != 0) text += fmt::format(": {}", std::strerror(system_errno));
  if (means_no_space(code, system_errno)) return Error::temporary(std::move(text));
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
      return Error::temporary(std::move(text));
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:  // a file system that went read-only under us, or a file that was moved away
      return Error::ours(std::move(text));
    case SQLITE_CANTOPEN:
      return {errno_error(system_errno, "").kind, std::move(text)};
    default:
      return Error::permanent(std::move(text));
  }
}

Error Database::failed(int code) {
  Error error = this->error(code);
  if (error.kind == Error::Kind::temporary && means_no_space(code, sqlite3_system_errno(impl_->handle)))
    impl_->full = true;
  if (impl_->in_transaction && !impl_->lost && sqlite3_get_autocommit(impl_->handle)) impl_->lost = error;
  return error;
}

std::optional<Error> Database::lost() const { return impl_->lost; }

Result<Transaction> Transaction::begin(Database& database) {
  Statement& begin = *TRY(database.statement("BEGIN IMMEDIATE"));
  TRY(begin.run());
  database.impl_->in_transaction = true;
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (!database_) return;
  database_->rest();
  database_->impl_->lost.reset();
  database_->impl_->in_transaction = false;
  // After SQLITE_FULL SQLite has rolled back already; a second ROLLBACK would be an error.
  if (!sqlite3_get_autocommit(database_->handle()))
    sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit() {
  database_->rest();
  Statement& commit = *TRY(database_->statement("COMMIT"));
  TRY(commit.run());
  database_->impl_->in_transaction = false;
  database_ = nullptr;
  return {};
}

}  // namespace futar::store
