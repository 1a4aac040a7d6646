#include "common/store/database.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "common/base/file.h"
#include "tests/common/store/temp_folder.h"

using namespace futar;
using store::Database;
using store::Statement;
using Kind = Error::Kind;

namespace {

std::unique_ptr<Database> open(const std::string& path, Database::Mode mode = Database::Mode::create) {
  auto database = Database::open(path, mode);
  REQUIRE(database);
  return std::move(*database);
}

std::unique_ptr<Database> with_numbers(const std::string& path) {
  auto database = open(path);
  REQUIRE(database->execute("CREATE TABLE n(value INTEGER PRIMARY KEY, octets BLOB)"));
  return database;
}

Result<void> insert(Database& database, int64_t value, std::string_view octets = "") {
  Statement& statement = *TRY(database.statement("INSERT INTO n VALUES(?1, ?2)"));
  return statement.bind(1, value).bind_blob(2, octets).run();
}

int64_t number_of(Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  REQUIRE(statement);
  REQUIRE(statement->step().value());
  return statement->integer(0);
}

int64_t count(Database& database) { return number_of(database, "SELECT count(*) FROM n"); }

}  // namespace

TEST_CASE("a new database is private and has the settings that its durability rests on") {
  TempFolder folder;
  auto database = open(folder / "a?b#c%41.db");  // a name that a careless file URI would change
  struct stat status{};
  REQUIRE(::stat((folder / "a?b#c%41.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(number_of(*database, "PRAGMA synchronous") == 2);
  CHECK(number_of(*database, "PRAGMA page_size") == 4096);
  CHECK(number_of(*database, "PRAGMA temp_store") == 2);
  CHECK(number_of(*database, "PRAGMA secure_delete") == 2);
  CHECK(number_of(*database, "PRAGMA wal_autocheckpoint") == 10000);
  auto mode = database->prepare("PRAGMA journal_mode");
  REQUIRE(mode->step().value());
  CHECK(mode->text(0) == "wal");
}

TEST_CASE("binds chain freely and their errors come out at the step") {
  TempFolder folder;
  auto database = with_numbers(folder / "x.db");
  auto statement = database->prepare("INSERT INTO n VALUES(?1, ?2)");
  CHECK_FALSE(statement->bind(1, 1).bind(3, "no such parameter").bind_null(2).run());
  CHECK(statement->bind(1, 1).bind_null(2).run());  // the error does not stick to the next use
  CHECK(count(*database) == 1);
}

TEST_CASE("what was bound for one use is not seen by the next") {
  TempFolder folder;
  auto database = with_numbers(folder / "x.db");
  REQUIRE(insert(*database, 1, "secret"));
  Statement& again = **database->statement("INSERT INTO n VALUES(?1, ?2)");
  REQUIRE(again.bind(1, 2).run());
  auto row = database->prepare("SELECT octets FROM n WHERE value = 2");
  REQUIRE(row->step().value());
  CHECK(row->is_null(0));
}

TEST_CASE("an empty view binds as an empty value, not as NULL, and NUL octets are kept") {
  TempFolder folder;
  auto database = with_numbers(folder / "x.db");
  REQUIRE(insert(*database, 1, std::string_view{}));
  REQUIRE(insert(*database, 2, std::string_view("a\0b", 3)));
  auto rows = database->prepare("SELECT octets FROM n ORDER BY value");
  REQUIRE(rows->step().value());
  CHECK_FALSE(rows->is_null(0));
  CHECK(rows->blob(0).empty());
  REQUIRE(rows->step().value());
  CHECK(rows->blob(0) == std::string_view("a\0b", 3));
  CHECK_FALSE(rows->step().value());
  CHECK_FALSE(rows->step().value());  // does not silently start over
}

TEST_CASE("the same text gives the same statement, ready for use") {
  TempFolder folder;
  auto database = with_numbers(folder / "x.db");
  REQUIRE(insert(*database, 1));
  REQUIRE(insert(*database, 2));
  Statement* first = *database->statement("SELECT value FROM n");
  REQUIRE(first->step().value());
  std::string same = "SELECT value FROM n";
  Statement* second = *database->statement(same.c_str());
  CHECK(first == second);
  REQUIRE(second->step().value());
  CHECK(second->integer(0) == 1);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  TempFolder folder;
  auto database = with_numbers(folder / "x.db");
  {
    auto transaction = store::Transaction::begin(*database);
    REQUIRE(transaction);
    REQUIRE(insert(*database, 1));
  }
  CHECK(count(*database) == 0);
  auto transaction = store::Transaction::begin(*database);
  REQUIRE(insert(*database, 1));
  REQUIRE(transaction->commit());
  CHECK(count(*database) == 1);
}

TEST_CASE("a full disk is temporary, and nothing runs half in the transaction that SQLite rolled back") {
  TempFolder folder;
  auto database = with_numbers(folder / "x.db");
  REQUIRE(insert(*database, 1));
  REQUIRE(database->execute("PRAGMA max_page_count = 8"));
  {
    auto transaction = store::Transaction::begin(*database);
    REQUIRE(transaction);
    const auto full = insert(*database, 2, std::string(100'000, 'x'));
    REQUIRE_FALSE(full);
    CHECK(full.error().kind == Kind::temporary);
    CHECK(database->take_full());
    CHECK_FALSE(database->take_full());
    const auto later = insert(*database, 3);  // would stand alone outside any transaction
    REQUIRE_FALSE(later);
    CHECK(later.error().text == full.error().text);
    CHECK_FALSE(transaction->commit());
  }
  CHECK(count(*database) == 1);
  CHECK(insert(*database, 4));
}

TEST_CASE("errors have the kind that callers act on") {
  TempFolder folder;
  auto database = with_numbers(folder / "x.db");
  REQUIRE(insert(*database, 1));
  CHECK(insert(*database, 1).error().kind == Kind::permanent);  // constraint
  CHECK(Database::open(folder / "missing.db", Database::Mode::read).error().kind == Kind::permanent);
  std::ofstream(folder / "noise.db") << std::string(8192, '!');
  CHECK(Database::open(folder / "noise.db", Database::Mode::create).error().kind == Kind::ours);

  // A write that fails, and not for want of space.
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  rlimit small = limit;
  small.rlim_cur = 65536;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto broken = insert(*database, 2, std::string(1 << 20, 'x'));
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::signal(SIGXFSZ, old);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().kind == Kind::ours);
}

TEST_CASE("a second writer waits for its turn instead of failing") {
  TempFolder folder;
  auto one = with_numbers(folder / "x.db");
  auto two = open(folder / "x.db");
  REQUIRE(insert(*one, 1));
  REQUIRE(insert(*two, 2));
  CHECK(count(*one) == 2);
}

TEST_CASE("a published file is whole without side files and opens immutable where nothing can be written") {
  TempFolder folder;
  {
    auto database = open(folder / "new.db", Database::Mode::published);
    REQUIRE(database->execute("CREATE TABLE n(value INTEGER PRIMARY KEY, octets BLOB)"));
    REQUIRE(insert(*database, 7));
  }
  std::filesystem::rename(folder / "new.db", folder / "addresses.db");
  CHECK_FALSE(std::filesystem::exists(folder / "new.db-journal"));
  CHECK_FALSE(std::filesystem::exists(folder / "new.db-wal"));
  ::chmod(folder.path().c_str(), 0500);
  auto database = open(folder / "addresses.db", Database::Mode::immutable);
  CHECK(count(*database) == 1);
  CHECK_FALSE(insert(*database, 8));
  ::chmod(folder.path().c_str(), 0700);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a reader sees what was committed and cannot write") {
  TempFolder folder;
  auto writer = with_numbers(folder / "x.db");
  REQUIRE(insert(*writer, 1));
  auto reader = open(folder / "x.db", Database::Mode::read);
  CHECK(count(*reader) == 1);
  CHECK_FALSE(insert(*reader, 2));
}

namespace {

Result<void> migrate_numbers(Database& database, int from) {
  switch (from) {
    case 0:
      return database.execute("CREATE TABLE n(value INTEGER PRIMARY KEY)");
    case 1:
      return database.execute("ALTER TABLE n ADD COLUMN octets BLOB");
    default:
      return fail(Error::permanent("no way"));
  }
}

}  // namespace

TEST_CASE("what a reader sorts beyond its cache lies where it was told to, in a file without a name") {
  TempFolder folder;
  std::filesystem::create_directory(folder / "state");
  store::put_temporary_files_in(folder / "state");
  {
    auto database = with_numbers(folder / "x.db");
    auto transaction = store::Transaction::begin(*database);
    for (int i = 0; i < 20'000; ++i)
      REQUIRE(insert(*database, i, std::to_string(i % 7) + std::string(500, 'x')));
    REQUIRE(transaction->commit());
  }
  auto reader = open(folder / "x.db", Database::Mode::read);
  auto sorted = reader->prepare("SELECT octets FROM n ORDER BY octets");
  REQUIRE(sorted);
  REQUIRE(sorted->step().value());
  int sorting_there = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone);
    sorting_there += target.starts_with(folder / "state/");
  }
  CHECK(sorting_there > 0);
  CHECK(std::filesystem::is_empty(folder / "state"));
  store::put_temporary_files_in(std::filesystem::temp_directory_path());
}

TEST_CASE("a schema grows step by step and a failed step leaves the last good one") {
  TempFolder folder;
  auto database = open(folder / "x.db");
  REQUIRE(store::migrate(*database, {1, 1, migrate_numbers}));
  CHECK(number_of(*database, "PRAGMA user_version") == 1);
  CHECK_FALSE(store::migrate(*database, {3, 1, migrate_numbers}));
  CHECK(number_of(*database, "PRAGMA user_version") == 2);
  CHECK(insert(*database, 1, "column of version 2"));
  CHECK(store::migrate(*database, {2, 1, migrate_numbers}));
}

TEST_CASE("an older program opens a newer database only when that says it may") {
  TempFolder folder;
  auto database = open(folder / "x.db");
  REQUIRE(store::migrate(*database, {2, 1, migrate_numbers}));
  CHECK(store::migrate(*database, {1, 1, migrate_numbers}));
  REQUIRE(store::set_meta(*database, "oldest_reader", "2"));
  const auto refused = store::migrate(*database, {1, 1, migrate_numbers});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Kind::permanent);
}

TEST_CASE("small values of the database are kept and replaced") {
  TempFolder folder;
  auto database = open(folder / "x.db");
  REQUIRE(store::migrate(*database, {1, 1, migrate_numbers}));
  CHECK(store::get_meta(*database, "epoch").value() == std::nullopt);
  REQUIRE(store::set_meta(*database, "epoch", "1"));
  REQUIRE(store::set_meta(*database, "epoch", "2"));
  CHECK(store::get_meta(*database, "epoch").value() == "2");
}

TEST_CASE("the search for damage finds it, and ends when its time is over") {
  TempFolder folder;
  {
    auto database = with_numbers(folder / "x.db");
    auto transaction = store::Transaction::begin(*database);
    for (int i = 0; i < 20'000; ++i) REQUIRE(insert(*database, i, std::string(1000, 'x')));
    REQUIRE(transaction->commit());
    CHECK(store::check(*database, 60'000).value() == true);
    CHECK(store::check(*database, 0).value() == false);
  }
  {
    std::fstream file(folder / "x.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 5);
    file << std::string(4096, '\xff');
  }
  auto database = open(folder / "x.db");
  const auto damaged = store::check(*database, 60'000);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().kind == Kind::ours);
}
