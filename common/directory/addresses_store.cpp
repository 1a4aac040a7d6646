#include "common/directory/addresses_store.h"

#include <fmt/ranges.h>

#include <stdexcept>

#include "common/base/text.h"
#include "common/store/database.h"

namespace futar::directory {
namespace {

Result<void> create_tables(store::Database& database, int) {
  return database.execute(R"(
    CREATE TABLE domain(name TEXT PRIMARY KEY, number INTEGER NOT NULL, catch_all TEXT NOT NULL,
                        role_account TEXT NOT NULL) WITHOUT ROWID;
    -- An account has targets NULL; the targets of an alias stand one a line.
    CREATE TABLE address(address TEXT PRIMARY KEY, targets TEXT, quota INTEGER NOT NULL, limit_day INTEGER NOT NULL,
                         suspended INTEGER NOT NULL) WITHOUT ROWID;
  )");
}

constexpr store::Schema schema{.version = 1, .oldest_reader = 1, .migrate = create_tables};

Result<void> write_domains(store::Database& database, const Records& records) {
  auto& insert = *TRY(
      database.statement("INSERT INTO domain(name, number, catch_all, role_account) VALUES(?1,?2,?3,?4)"));
  for (const auto& [name, number] : records.domains) {
    const auto catch_all = records.aliases.find("@" + name);
    insert.bind(1, name).bind(2, number);
    insert.bind(3, catch_all == records.aliases.end() ? std::string_view{}
                                                      : std::string_view(catch_all->second.at(0)));
    TRY(insert.bind(4, role_account(records, name)).run());
  }
  return {};
}

Result<void> write_entries(store::Database& database, const Records& records) {
  auto& insert = *TRY(database.statement(
      "INSERT INTO address(address, targets, quota, limit_day, suspended) VALUES(?1,?2,?3,?4,?5)"));
  for (const auto& [address, account] : records.accounts) {
    insert.bind(1, address).bind_null(2).bind(3, static_cast<int64_t>(account.quota));
    TRY(insert.bind(4, static_cast<int64_t>(account.limit_day)).bind(5, int64_t{account.suspended}).run());
  }
  for (const auto& [address, targets] : records.aliases) {
    if (address.starts_with('@')) continue;
    const std::string lines = fmt::format("{}", fmt::join(targets, "\n"));
    TRY(insert.bind(1, address)
            .bind(2, lines)
            .bind(3, int64_t{0})
            .bind(4, int64_t{0})
            .bind(5, int64_t{0})
            .run());
  }
  return {};
}

Result<Entry> read_entry(store::Statement& found) {
  if (!TRY(found.step())) return Entry{};
  if (found.is_null(1))
    return Entry(Account{.address = found.text(0),
                         .detail = "",
                         .quota = static_cast<uint64_t>(found.integer(2)),
                         .suspended = found.integer(4) != 0,
                         .limit_day = static_cast<uint64_t>(found.integer(3))});
  Alias alias{.address = found.text(0), .targets = {}};
  const std::string targets = found.text(1);
  for (const auto target : split(targets, '\n')) alias.targets.emplace_back(target);
  return Entry(std::move(alias));
}

}  // namespace

Result<void> write_addresses(const std::string& path, const Records& records) {
  auto database = TRY(store::Database::open(path, store::Database::Mode::published));
  TRY(store::migrate(*database, schema));
  auto transaction = TRY(store::Transaction::begin(*database));
  TRY(store::set_meta(*database, "generation", std::to_string(records.generation)));
  TRY(write_domains(*database, records));
  TRY(write_entries(*database, records));
  return transaction.commit();
}

AddressFile::AddressFile() = default;
AddressFile::~AddressFile() = default;

Result<std::unique_ptr<AddressFile>> AddressFile::open(const std::string& path) {
  std::unique_ptr<AddressFile> made(new AddressFile);
  made->database_ = TRY(store::Database::open(path, store::Database::Mode::immutable));
  TRY(made->load());
  return made;
}

Result<void> AddressFile::load() {
  const auto generation = TRY(store::get_meta(*database_, "generation"));
  generation_ = generation ? parse_number(*generation).value_or(0) : 0;
  auto& domains = *TRY(database_->statement("SELECT name, number, catch_all, role_account FROM domain"));
  while (TRY(domains.step()))
    domains_.emplace(domains.text(0), Domain{domains.integer(1), domains.text(2), domains.text(3)});
  find_ = TRY(database_->statement(
      "SELECT address, targets, quota, limit_day, suspended FROM address WHERE address = ?1"));
  return {};
}

Entry AddressFile::find(std::string_view address) {
  auto entry = read_entry(find_->bind(1, address));
  if (entry) return std::move(*entry);
  // A file that cannot be read must not look like an unknown user: mail would be refused for good.
  throw std::runtime_error(entry.error().text);
}

std::vector<std::string> AddressFile::accounts() {
  std::vector<std::string> out;
  auto statement = database_->statement("SELECT address FROM address WHERE targets IS NULL ORDER BY address");
  if (!statement) return out;
  while ((*statement)->step().value_or(false)) out.push_back((*statement)->text(0));
  return out;
}

}  // namespace futar::directory
