#include "common/directory/directory_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>

#include "common/base/text.h"
#include "common/store/copy.h"
#include "common/store/database.h"

namespace futar::directory {
namespace {

Result<void> create_tables(store::Database& database, int) {
  return database.execute(R"(
    CREATE TABLE domain(name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE account(address TEXT PRIMARY KEY, number INTEGER NOT NULL, verifier TEXT NOT NULL,
                         quota INTEGER NOT NULL, limit_day INTEGER NOT NULL, suspended INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE alias(address TEXT NOT NULL, position INTEGER NOT NULL, target TEXT NOT NULL,
                       PRIMARY KEY(address, position)) WITHOUT ROWID;
  )");
}

constexpr store::Schema schema{.version = 1, .oldest_reader = 1, .migrate = create_tables};

// Calls put(key, value) for what is new or changed in `after`, drop(key) for what is missing from it.
template <class Map, class Put, class Drop>
Result<void> for_each_difference(const Map& before, const Map& after, Put put, Drop drop) {
  for (const auto& [key, value] : before)
    if (!after.contains(key)) TRY(drop(key));
  for (const auto& [key, value] : after) {
    const auto known = before.find(key);
    if (known == before.end() || known->second != value) TRY(put(key, value));
  }
  return {};
}

Result<void> drop(store::Database& database, const char* sql, const std::string& key) {
  return TRY(database.statement(sql))->bind(1, key).run();
}

Result<void> drop_alias(store::Database& database, const std::string& alias) {
  return drop(database, "DELETE FROM alias WHERE address = ?1", alias);
}

Result<void> put_alias(store::Database& database, const std::string& alias, const Targets& targets) {
  TRY(drop_alias(database, alias));
  int64_t position = 0;
  for (const auto& target : targets) {
    auto& insert =
        *TRY(database.statement("INSERT INTO alias(address, position, target) VALUES(?1, ?2, ?3)"));
    TRY(insert.bind(1, alias).bind(2, position++).bind(3, target).run());
  }
  return {};
}

Result<void> put_account(store::Database& database, const std::string& address,
                         const AccountRecord& account) {
  auto& upsert =
      *TRY(database.statement("INSERT OR REPLACE INTO account(address, number, verifier, quota, limit_day, "
                              "suspended) VALUES(?1,?2,?3,?4,?5,?6)"));
  upsert.bind(1, address).bind(2, account.number).bind(3, account.verifier);
  upsert.bind(4, static_cast<int64_t>(account.quota)).bind(5, static_cast<int64_t>(account.limit_day));
  return upsert.bind(6, int64_t{account.suspended}).run();
}

Result<void> put_domain(store::Database& database, const std::string& name, int64_t number) {
  auto& upsert = *TRY(database.statement("INSERT OR REPLACE INTO domain(name, number) VALUES(?1, ?2)"));
  return upsert.bind(1, name).bind(2, number).run();
}

}  // namespace

DirectoryStore::DirectoryStore() = default;
DirectoryStore::~DirectoryStore() = default;

Result<std::unique_ptr<DirectoryStore>> DirectoryStore::open(const std::string& folder) {
  std::unique_ptr<DirectoryStore> made(new DirectoryStore);
  TRY(make_folders(folder));
  made->lock_ = TRY(open_file(folder + "/lock", O_RDWR | O_CREAT));
  if (::flock(made->lock_.get(), LOCK_EX) != 0) return fail(errno_error(errno, "lock " + folder));
  made->database_ = TRY(store::Database::open(folder + "/directory.db", store::Database::Mode::create));
  TRY(store::migrate(*made->database_, schema));
  TRY(made->read());
  return made;
}

Result<Records> DirectoryStore::read() {
  Records records;
  const auto generation = TRY(store::get_meta(*database_, "generation"));
  records.generation = generation ? parse_number(*generation).value_or(0) : 0;
  records.postmaster = TRY(store::get_meta(*database_, "postmaster")).value_or("");
  auto& domains = *TRY(database_->statement("SELECT name, number FROM domain"));
  while (TRY(domains.step())) records.domains.emplace(domains.text(0), domains.integer(1));
  auto& accounts = *TRY(
      database_->statement("SELECT address, number, verifier, quota, limit_day, suspended FROM account"));
  while (TRY(accounts.step()))
    records.accounts.emplace(accounts.text(0),
                             AccountRecord{.number = accounts.integer(1),
                                           .verifier = accounts.text(2),
                                           .quota = static_cast<uint64_t>(accounts.integer(3)),
                                           .limit_day = static_cast<uint64_t>(accounts.integer(4)),
                                           .suspended = accounts.integer(5) != 0});
  auto& aliases = *TRY(database_->statement("SELECT address, target FROM alias ORDER BY address, position"));
  while (TRY(aliases.step())) records.aliases[aliases.text(0)].push_back(aliases.text(1));
  return stored_ = std::move(records);
}

Result<void> DirectoryStore::save(Records& records) {
  store::Database& database = *database_;
  records.generation = stored_.generation + 1;
  auto transaction = TRY(store::Transaction::begin(database));
  TRY(for_each_difference(
      stored_.domains, records.domains,
      [&](auto& name, int64_t number) { return put_domain(database, name, number); },
      [&](auto& name) { return drop(database, "DELETE FROM domain WHERE name = ?1", name); }));
  TRY(for_each_difference(
      stored_.accounts, records.accounts,
      [&](auto& key, auto& account) { return put_account(database, key, account); },
      [&](auto& key) { return drop(database, "DELETE FROM account WHERE address = ?1", key); }));
  TRY(for_each_difference(
      stored_.aliases, records.aliases,
      [&](auto& key, auto& targets) { return put_alias(database, key, targets); },
      [&](auto& key) { return drop_alias(database, key); }));
  TRY(store::set_meta(database, "postmaster", records.postmaster));
  TRY(store::set_meta(database, "generation", std::to_string(records.generation)));
  TRY(transaction.commit());
  stored_ = records;
  return {};
}

Result<std::optional<std::string>> DirectoryStore::setting(std::string_view name) {
  return store::get_meta(*database_, name);
}

Result<void> DirectoryStore::set_setting(std::string_view name, std::string_view value) {
  return store::set_meta(*database_, name, value);
}

Result<void> DirectoryStore::copy_to(const std::string& path) {
  return store::copy_database(*database_, path);
}

}  // namespace futar::directory
