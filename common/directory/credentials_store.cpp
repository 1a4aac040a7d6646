#include "common/directory/credentials_store.h"

#include <filesystem>
#include <mutex>

#include "common/directory/credentials.h"
#include "common/store/database.h"

namespace futar::directory {
namespace {

Result<void> create_tables(store::Database& database, int) {
  return database.execute(
      "CREATE TABLE credential(account TEXT PRIMARY KEY, verifier TEXT NOT NULL, suspended INTEGER NOT NULL) "
      "WITHOUT ROWID");
}

constexpr store::Schema schema{.version = 1, .oldest_reader = 1, .migrate = create_tables};
constexpr auto select_one = "SELECT account, verifier, suspended FROM credential WHERE account = ?1";

}  // namespace

Result<void> write_credentials(const std::string& path, const Records& records) {
  auto database = TRY(store::Database::open(path, store::Database::Mode::published));
  TRY(store::migrate(*database, schema));
  auto transaction = TRY(store::Transaction::begin(*database));
  TRY(store::set_meta(*database, "generation", std::to_string(records.generation)));
  auto& insert =
      *TRY(database->statement("INSERT INTO credential(account, verifier, suspended) VALUES(?1,?2,?3)"));
  for (const auto& [address, account] : records.accounts)
    TRY(insert.bind(1, address).bind(2, account.verifier).bind(3, int64_t{account.suspended}).run());
  return transaction.commit();
}

struct Credentials::Impl {
  std::unique_ptr<store::Database> database;  ///< none: nothing was published yet
  mutable std::mutex mutex;                   ///< logins are verified on worker threads
};

Credentials::Credentials() : impl_(std::make_unique<Impl>()) {}
Credentials::~Credentials() = default;

Result<std::unique_ptr<Credentials>> Credentials::open(const std::string& published_folder) {
  std::unique_ptr<Credentials> made(new Credentials);
  const std::string path = published_folder + "/" + credentials_file;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return made;
  made->impl_->database = TRY(store::Database::open(path, store::Database::Mode::immutable));
  TRY(made->impl_->database->statement(select_one));
  return made;
}

std::optional<Credential> Credentials::find(std::string_view account) const {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->database) return std::nullopt;
  auto select = impl_->database->statement(select_one);
  if (!select || !(*select)->bind(1, account).step().value_or(false)) return std::nullopt;
  return Credential{(*select)->text(0), (*select)->text(1), (*select)->integer(2) != 0};
}

}  // namespace futar::directory
